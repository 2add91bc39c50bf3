package certbundle

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// parseLink turns a link into what is to be requested. Of the link, which is
// signed and may hold a password, its errors show the host at most.
func parseLink(link string, insecure bool) (*url.URL, error) {
	if link == "" {
		return nil, errors.New("there is no link to it: " + freshLinks)
	}
	u, err := url.Parse(link)
	switch {
	case err != nil:
		return nil, errors.New("its link is not a URL")
	case u.Hostname() == "":
		return nil, errors.New("its link names no host")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("its link, to " + u.Host + ", is neither https nor http")
	case u.User != nil:
		return nil, errors.New("its link, to " + u.Host + ", holds a user name")
	}
	// The signature of a link covers neither scheme nor port.
	if u.Scheme == "http" && !insecure && !isLoopbackIP(u.Hostname()) {
		u.Scheme = "https"
		u.Host = strings.TrimSuffix(u.Host, ":80")
	}
	return u, nil
}

// isLoopbackIP does not know "localhost", which a resolver may send anywhere.
func isLoopbackIP(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
