package certbundle

import (
	"context"
	"crypto/tls"
	"errors"
)

// ShownPin connects to a node, "host:port", and returns the pin of the
// certificate that it shows. If the node shares no curve with Go, ShownPin connects
// again without curves. It needs no client certificate, and sends nothing after the
// handshake.
//
// Nothing proves that the node itself has answered: compare the pin with the
// node's operator before it goes into PinNodes. It ends with ctx, after 20 seconds
// at the latest. If there is no pin, the error is that of the first connection.
func ShownPin(ctx context.Context, addr string) (string, error) {
	if ctx == nil {
		return "", errNilContext
	}
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	var pin string
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, VerifyConnection: func(state tls.ConnectionState) error {
		pin = Pin(state.PeerCertificates[0])
		return errors.New("that was all to be seen")
	}}
	_, err := (&tls.Dialer{Config: cfg}).DialContext(ctx, "tcp", addr)
	if pin == "" {
		cfg.MaxVersion, cfg.CipherSuites = tls.VersionTLS12, cipherSuites()
		_, _ = (&tls.Dialer{Config: cfg}).DialContext(ctx, "tcp", addr)
	}
	if pin == "" {
		return "", explainEnd(err, endInHandshake)
	}
	return pin, nil
}
