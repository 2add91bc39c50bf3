package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/internal/codings"
	"github.com/antchain-go/baas/k8s"
)

// namespaceFile names the namespace of the pod.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// maxPassword bounds the file of the password.
const maxPassword = 4 << 10

var errHelp = flag.ErrHelp

type config struct {
	namespace, secret, kubeconfig string
	region, endpoint, signature   string
	outDir, rescueDir             string
	tls                           bool
	timeout                       time.Duration
	level                         slog.Level
	request                       baas.ApplyAntChainCertificateWithKeyAutoCreationRequest
}

// parse reads flags and environment.
func parse(args []string, getenv func(string) string, stderr io.Writer) (*config, error) {
	var c config
	var subject, passwordFile string
	var debug bool
	flags := flag.NewFlagSet("antcert-ensure", flag.ContinueOnError)
	flags.SetOutput(stderr)
	text := func(p *string, name, env, usage string) {
		flags.StringVar(p, name, getenv(env), usage+" ("+env+")")
	}
	text(&c.namespace, "namespace", "ANTCERT_NAMESPACE", "the Secret's namespace; default: the pod's own")
	text(&c.secret, "secret", "ANTCERT_SECRET", "the Secret's name")
	text(&c.request.AntChainID, "chain", "ANTCHAIN_CHAIN", "the chain's ID")
	text(&c.request.ConsortiumID, "consortium", "ANTCHAIN_CONSORTIUM", "the consortium's ID")
	text(&subject, "subject", "ANTCHAIN_SUBJECT", "CN=…,OU=…,O=…,L=…,ST=…,C=… as in RFC 4514")
	text(&passwordFile, "password-file", "ANTCHAIN_KEY_PASSWORD_FILE", "file with the password of the private key; one line ending is cut off; default: the password is in ANTCHAIN_KEY_PASSWORD")
	text(&c.region, "region", "ANTCHAIN_REGION", "the region; default cn-hangzhou")
	text(&c.endpoint, "endpoint", "ANTCHAIN_ENDPOINT", "host or URL of the service; default: by the region")
	text(&c.signature, "signature", "ANTCHAIN_SIGNATURE", "v2 or v3; default v2")
	text(&c.outDir, "out-dir", "ANTCERT_OUT_DIR", "also write the identity's files into this folder")
	text(&c.rescueDir, "rescue-dir", "ANTCERT_RESCUE_DIR", "folder for the key if the Secret cannot be had")
	text(&c.kubeconfig, "kubeconfig", "KUBECONFIG", "file with the API server; default: the pod's own")
	flags.BoolVar(&c.tls, "tls", getenv("ANTCERT_TLS") == "true", "the Secret is of type kubernetes.io/tls; it also holds the key in the clear (ANTCERT_TLS=true)")
	flags.BoolVar(&debug, "debug", getenv("ANTCERT_DEBUG") == "true", "log each step (ANTCERT_DEBUG=true)")
	timeout := flags.String("timeout", getenv("ANTCERT_TIMEOUT"), "how long to try, such as 10m; default: until SIGTERM (ANTCERT_TIMEOUT)")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if debug {
		c.level = slog.LevelDebug
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("%d arguments that are no flags", flags.NArg())
	}
	return &c, errors.Join(c.setTimeout(*timeout), c.setSubject(subject), c.setPassword(passwordFile, getenv), c.check())
}

func (c *config) setTimeout(text string) error {
	if text == "" {
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return errors.New("-timeout: is not a positive duration such as 10m")
	}
	c.timeout = d
	return nil
}

func (c *config) setSubject(text string) error {
	if text == "" {
		return errors.New("-subject: is missing")
	}
	attributes, err := parseSubject(text)
	if err != nil {
		return fmt.Errorf("-subject: %w", err)
	}
	r := &c.request
	for name, p := range map[string]*string{
		"CN": &r.CommonName, "OU": &r.OrganizationUnitName, "O": &r.OrganizationName,
		"L": &r.LocalityName, "ST": &r.StateOrProvinceName, "C": &r.CountryName,
	} {
		*p = attributes[name]
	}
	return nil
}

func (c *config) setPassword(file string, getenv func(string) string) error {
	if c.request.Password = getenv("ANTCHAIN_KEY_PASSWORD"); file == "" {
		if c.request.Password == "" {
			return errors.New("the password is missing: set ANTCHAIN_KEY_PASSWORD or -password-file")
		}
		return nil
	}
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("-password-file: %w", err)
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxPassword+1))
	if err != nil {
		return fmt.Errorf("-password-file: %w", err)
	}
	if len(data) > maxPassword {
		return fmt.Errorf("-password-file: %s has more than %d bytes, so it is no password", file, maxPassword)
	}
	data = bytes.TrimSuffix(bytes.TrimSuffix(data, []byte("\n")), []byte("\r"))
	if len(data) == 0 {
		return errors.New("-password-file: " + file + " is empty")
	}
	c.request.Password = string(data)
	return nil
}

// check finds what is missing, and fills in the namespace.
func (c *config) check() error {
	var errs []error
	for _, m := range []struct{ name, value string }{
		{"secret", c.secret}, {"chain", c.request.AntChainID}, {"consortium", c.request.ConsortiumID},
	} {
		if m.value == "" {
			errs = append(errs, errors.New("-"+m.name+": is missing"))
		}
	}
	if c.signature != "" && c.signature != "v2" && c.signature != "v3" {
		errs = append(errs, errors.New("-signature: is neither v2 nor v3"))
	}
	if c.namespace == "" {
		data, err := os.ReadFile(namespaceFile)
		if err != nil {
			errs = append(errs, errors.New("-namespace: is missing, and this is no pod"))
		}
		c.namespace = strings.TrimSpace(string(data))
	}
	return errors.Join(errs...)
}

func (c *config) clientOptions() []baas.Option {
	opts := []baas.Option{baas.WithUserAgent("antcert-ensure"), baas.WithDecompressors(codings.Brotli, codings.Zstandard)}
	if c.region != "" {
		opts = append(opts, baas.WithRegion(c.region))
	}
	if c.endpoint != "" {
		opts = append(opts, baas.WithEndpoint(c.endpoint))
	}
	if c.signature == "v3" {
		opts = append(opts, baas.WithSignatureVersion(baas.SignatureV3))
	}
	return opts
}

func (c *config) storeOptions() []k8s.Option {
	if c.tls {
		return []k8s.Option{k8s.WithTLS(c.request.Password)}
	}
	return nil
}

// kubernetes returns a client of the API server.
func (c *config) kubernetes() (kubernetes.Interface, error) {
	var config *rest.Config
	var err error
	if c.kubeconfig != "" {
		config, err = clientcmd.BuildConfigFromFlags("", c.kubeconfig)
	} else {
		config, err = rest.InClusterConfig()
	}
	if err != nil {
		return nil, fmt.Errorf("-kubeconfig: %w", err)
	}
	if c.tls {
		// The API server warns of a tls.crt that is still empty.
		config.WarningHandler = rest.NoWarnings{}
	}
	return kubernetes.NewForConfig(config)
}
