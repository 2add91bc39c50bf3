// Package endpoint knows the endpoints of regions, and checks what a user gives as
// an endpoint or a region, so that no input leads a call to another host. It
// imports nothing of this module.
package endpoint

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// An Endpoint is where the calls go.
type Endpoint struct {
	Scheme string // "https" or "http"
	Host   string // with the port, if it is not the scheme's own
}

// IsRegion reports whether s matches ^[a-z0-9]+(-[a-z0-9]+)*$, so that no
// region can name another host.
func IsRegion(s string) bool {
	for part := range strings.SplitSeq(s, "-") {
		if part == "" || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return true
}

// OfRegion is what serves a region. The official SDKs carry the same exceptions.
func OfRegion(region string) Endpoint {
	host := "baas." + region + ".aliyuncs.com"
	switch region {
	case "cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-huhehaote", "cn-shanghai", "cn-shenzhen":
		host = "baas.aliyuncs.com"
	case "cn-hongkong", "ap-southeast-2", "ap-northeast-1", "ap-south-1", "eu-west-1", "eu-central-1",
		"us-west-1", "us-east-1":
		host = "baas.ap-southeast-1.aliyuncs.com"
	}
	return Endpoint{Scheme: "https", Host: host}
}

// Parse reads a host, with or without a port, or an http or https URL
// of one. reason says what is wrong with it, and never quotes it: it might
// hold a password.
func Parse(s string, insecureHTTP bool) (e Endpoint, reason string) {
	if s == "" {
		return e, "is empty"
	}
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Opaque != "":
		return e, "is not a host or a URL"
	case u.Scheme != "https" && u.Scheme != "http":
		return e, "has a scheme other than https"
	case u.User != nil:
		return e, "has user info"
	case u.Path != "" && u.Path != "/":
		return e, "has a path"
	case u.RawQuery != "" || u.ForceQuery:
		return e, "has a query"
	case strings.Contains(s, "#"):
		return e, "has a fragment"
	case !isHost(u.Hostname()):
		return e, "has no valid host name"
	case !isPort(u):
		return e, "has no valid port"
	case u.Scheme == "http" && !insecureHTTP && !isLoopback(u.Hostname()):
		return e, "is plain HTTP, which is for loopback hosts only unless WithInsecureHTTP is given"
	}
	return Endpoint{Scheme: u.Scheme, Host: strings.ToLower(u.Host)}, ""
}

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 || strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return true
}

func isPort(u *url.URL) bool {
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && n > 0
}

// isLoopback reports whether what is sent to host stays on this machine.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
