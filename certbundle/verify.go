package certbundle

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"time"
)

// Verify checks all that can be checked without a node. A key in the clear
// opens with any password: see Report.KeyEncryption.
//
// # Faults
//
// The error is what stops a connection or Java. All faults are reported, joined
// into one error:
//
//   - ErrPassword: the password does not open the private key;
//   - ErrKeyMismatch: key and client.crt are not a pair;
//   - ErrUntrusted: client.crt does not lead to ca.crt, or the trust store
//     holds a CA that ca.crt does not, or none that client.crt leads to;
//   - ErrExpired: today is not within the validity of client.crt, or of any way
//     to ca.crt;
//   - ErrMalformed: a file is damaged;
//   - ErrUnsupported: Go cannot do without what it does not know, or may not
//     use SHA-1 (FIPS-only mode) where a signature needs it;
//   - fs.ErrNotExist: a file other than the trust store is not there.
//
// # Warnings
//
// The Report is there whenever client.crt can be parsed, beside an error or
// not. Its Warnings are the rest:
//
//   - ErrWeakSignature: a SHA-1 signature from client.crt up to the root; it is
//     checked all the same;
//   - fs.ErrNotExist: there is no trust store, which only Java needs;
//   - ErrUnsupported: a certificate or trust store that Go cannot parse was left
//     out;
//   - ErrExpired: less than 30 days are left.
func (b *Bundle) Verify(password string) (*Report, error) {
	return b.verify(password, time.Now())
}

func (b *Bundle) verify(password string, now time.Time) (*Report, error) {
	if b == nil {
		return nil, errNilBundle
	}
	key, encryption, keyErr := openKey(b.PrivateKey, password)
	chain, leftOut, certErr := parseCertificates(ClientCertFile, b.ClientCert)
	cas, leftOutCAs, caErr := parseCertificates(CACertFile, b.CACert)
	trusted, warnings, storeErr := readTrustStore(b.TrustStore)
	leftOut = append(leftOut, leftOutCAs...)
	if errors.Is(storeErr, fs.ErrNotExist) || errors.Is(storeErr, ErrUnsupported) {
		warnings, storeErr = append(warnings, storeErr), nil
	}

	faults := []error{keyErr, certErr, caErr, storeErr}
	find := &chainFinder{chain: chain, cas: cas, now: now}
	if certErr == nil {
		faults = append(faults, checkValidity(ClientCertFile, chain[0], now))
		// Without what Go cannot parse, the wrong certificate may be the first, or
		// the CA not there.
		var doubts []error
		if keyErr == nil {
			doubts = append(doubts, checkPair(key, chain[0]))
		}
		if caErr == nil {
			chainWarnings, chainErr := find.judge(trusted)
			doubts, warnings = append(doubts, chainErr), append(warnings, chainWarnings...)
		}
		if doubt := errors.Join(doubts...); doubt != nil {
			faults, leftOut = append(append(faults, doubt), leftOut...), nil
		}
	}
	if caErr == nil {
		faults = append(faults, checkKnownCAs(trusted, cas))
	}
	if certErr != nil {
		return nil, errors.Join(faults...)
	}
	report := newReport(chain[0], encryption)
	report.Warnings = append(warnings, leftOut...)
	return report, errors.Join(faults...)
}

// readTrustStore is parseTrustStore where SHA-1, which seals a trust store, may
// be used.
func readTrustStore(data []byte) (certs []*x509.Certificate, unsupported []error, err error) {
	if err := checkSHA1(); err != nil && len(data) > 0 {
		return nil, nil, fault(TrustStoreFile, "is sealed with SHA-1, which this program may not use; Java can read it", ErrUnsupported, err)
	}
	return parseTrustStore(data)
}
