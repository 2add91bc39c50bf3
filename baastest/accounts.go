package baastest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"slices"
)

// account is an account of a chain.
type account struct {
	chain, name, publicKey, recoverKey string
}

// accountKeys is the reply that hands an account's keys over, in the order of the reference page.
type accountKeys struct {
	AccountRecoverPrivateKey string
	AccountPublicKey         string
	AccountRecoverPublicKey  string
	AccountPrivateKey        string
	Account                  string
	AntChainID               string `json:"AntChainId"`
}

// AccountsCreated returns how many accounts have been created, those whose replies were lost included.
func (s *Server) AccountsCreated() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.accounts)
}

// accountsOf is called with the lock held.
func (s *Server) accountsOf(chain string) []account {
	var accounts []account
	for _, a := range s.accounts {
		if a.chain == chain {
			accounts = append(accounts, a)
		}
	}
	return accounts
}

// addAccount refuses a name that the chain has already.
func (s *Server) addAccount(c *call, publicKey, recoverKey string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	chain, err := s.chain(c)
	if err != nil {
		return err
	}
	name := c.params.Get("Account")
	if slices.ContainsFunc(s.accountsOf(chain.ID), func(a account) bool { return a.name == name }) {
		return invalid("The specified Account already exists.")
	}
	s.accounts = append(s.accounts, account{chain.ID, name, publicKey, recoverKey})
	return nil
}

func (s *Server) createAccount(c *call) (any, error) {
	if err := s.addAccount(c, c.params.Get("AccountPubKey"), c.params.Get("AccountRecoverPubKey")); err != nil {
		return nil, err
	}
	return fields{"Account": c.params.Get("Account"), "AntChainId": c.params.Get("AntChainId")}, nil
}

// createAccountWithKeys hands two keys over, the one for recovery encrypted with RecoverPassword if there is one: the
// official SDK has that parameter, the reference page does not.
func (s *Server) createAccountWithKeys(c *call) (any, error) {
	password := c.params.Get("Password")
	recoverPassword := c.params.Get("RecoverPassword")
	fallback(&recoverPassword, password)
	private, public, err := s.newAccountKey(password)
	if err != nil {
		return nil, err
	}
	recoverPrivate, recoverPublic, err := s.newAccountKey(recoverPassword)
	if err != nil {
		return nil, err
	}
	if err := s.addAccount(c, public, recoverPublic); err != nil {
		return nil, err
	}
	return accountKeys{
		Account: c.params.Get("Account"), AntChainID: c.params.Get("AntChainId"),
		AccountPrivateKey: private, AccountPublicKey: public,
		AccountRecoverPrivateKey: recoverPrivate, AccountRecoverPublicKey: recoverPublic,
	}, nil
}

// newAccountKey returns an encrypted private key in PEM, and the public key as the chain writes it: both coordinates in
// hexadecimal digits. The curve of the field is not known; Go has none of that size other than P-256.
func (s *Server) newAccountKey(password string) (private, public string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", "", err
	}
	point, err := key.PublicKey.ECDH()
	if err != nil {
		return "", "", err
	}
	encrypted, err := encryptKey(key, s.cfg.keyEnc, password)
	if err != nil {
		return "", "", err
	}
	return string(encrypted), hex.EncodeToString(point.Bytes()[1:]), nil
}

func (s *Server) describeAccounts(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chain, err := s.chain(c)
	if err != nil {
		return nil, err
	}
	var list []fields
	for _, a := range s.accountsOf(chain.ID) {
		list = append(list, fields{
			"Account": a.name, "AccountStatus": "NORMAL", "AntChainId": a.chain, "AccountPublicKey": a.publicKey,
			"AccountRecoveryKey": a.recoverKey,
		})
	}
	return listed(c, "Accounts", list), nil
}
