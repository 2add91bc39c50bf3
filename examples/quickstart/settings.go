package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"

	"github.com/antchain-go/baas"
)

// settings are what flags and environment ask for.
type settings struct {
	live     bool
	endpoint string
	region   string
	out      string
	node     string
	request  baas.ApplyAntChainCertificateWithKeyAutoCreationRequest
}

const (
	envChain      = "ANTCHAIN_ID"
	envConsortium = "CONSORTIUM_ID"
	envPassword   = "ANTCHAIN_KEY_PASSWORD"

	// demoPassword opens the key of a run without -live, unless the environment
	// has another one. It is the same every time, so that the next run can open
	// the key, and it is no secret, since the key is good for nothing.
	demoPassword = "quickstart-demo"

	// demoChain is no ID of the real service, so that neither a run with -live
	// takes the identity of a run without, nor the other way round.
	demoChain      = "demo-chain"
	demoConsortium = "demo-consortium"
)

// liveVariables must be set for -live. The first two are read by the default
// provider chain of credentials-go.
var liveVariables = []string{
	"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", envChain, envConsortium, envPassword,
}

// parse reads the flags and the environment. It reports what is wrong to
// stderr.
func parse(args []string, getenv func(string) string, stderr io.Writer) (*settings, error) {
	s := new(settings)
	r := &s.request
	fs := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.BoolVar(&s.live, "live", false, "apply at the real service, for a real certificate; reads the environment\nvariables "+
		strings.Join(liveVariables, ",\n"))
	fs.StringVar(&s.endpoint, "endpoint", "", "with -live: `host` or URL to call instead of the region's")
	fs.StringVar(&s.region, "region", "cn-hangzhou", "with -live: `ID` of the region to call")
	fs.StringVar(&s.node, "node", "", "with -live: `host:port` of a node to connect to")
	fs.StringVar(&s.out, "out", "./antchain-certs", "`folder` for client.key, client.crt, ca.crt and trustCa")
	fs.StringVar(&r.CommonName, "cn", "quickstart", "`common name` (CN) of the certificate")
	fs.StringVar(&r.CountryName, "country", "CN", "two-letter `code` of the country (C)")
	fs.StringVar(&r.StateOrProvinceName, "state", "Zhejiang", "state or `province` (ST)")
	fs.StringVar(&r.LocalityName, "city", "Hangzhou", "`city` (L)")
	fs.StringVar(&r.OrganizationName, "org", "Example", "`organization` (O)")
	fs.StringVar(&r.OrganizationUnitName, "unit", "Wallet", "organizational `unit` (OU)")
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	err := s.complete(fs.Args(), getenv)
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "quickstart:", err)
	}
	return s, err
}

// complete checks the flags and fills in what does not come from them.
func (s *settings) complete(rest []string, getenv func(string) string) error {
	if len(rest) > 0 {
		return fmt.Errorf("unexpected argument %q; see -help", rest[0])
	}
	if s.out == "" {
		return errors.New("-out names no folder")
	}
	s.out = filepath.Clean(s.out)
	r := &s.request
	if !s.live {
		if s.node != "" {
			return errors.New("-node needs -live: without it there is a node inside the program")
		}
		r.AntChainID, r.ConsortiumID, r.Password = demoChain, demoConsortium, getenv(envPassword)
		if r.Password == "" {
			r.Password = demoPassword
		}
		return nil
	}
	if _, _, err := net.SplitHostPort(s.node); s.node != "" && err != nil {
		return fmt.Errorf("-node %q is not host:port", s.node)
	}
	var missing []string
	for _, name := range liveVariables {
		if getenv(name) == "" {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return errors.New("-live needs environment variables that are not set: " + strings.Join(missing, ", "))
	}
	r.AntChainID, r.ConsortiumID, r.Password = getenv(envChain), getenv(envConsortium), getenv(envPassword)
	return nil
}
