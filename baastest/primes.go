package baastest

import (
	"crypto/rand"
	"crypto/rsa"
	"math/big"
)

const (
	keyBits     = 2048
	keyExponent = 65537
)

// primePool makes RSA keys for tests, many out of few primes: searching primes is what makes a key slow. Keys from it
// are distinct but not secret, since two that share a prime give each other away. The zero value is ready for use; it
// is not safe for concurrent use.
type primePool struct {
	primes []*big.Int
	unused [][2]int // pairs of primes that no key has been made of
}

// next returns a key that this pool never returned before.
func (p *primePool) next() (*rsa.PrivateKey, error) {
	for len(p.unused) > 0 {
		last := len(p.unused) - 1
		pair := p.unused[last]
		p.unused = p.unused[:last]
		if key := combine(p.primes[pair[0]], p.primes[pair[1]]); key != nil {
			return key, nil
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, err
	}
	p.add(key.Primes[0])
	p.add(key.Primes[1])
	p.unused = p.unused[:len(p.unused)-1] // the pair of the two is the key itself
	return key, nil
}

// add appends a prime and pairs it with all that were there. The last pair is the one with its predecessor.
func (p *primePool) add(prime *big.Int) {
	n := len(p.primes)
	p.primes = append(p.primes, prime)
	for i := range n {
		p.unused = append(p.unused, [2]int{i, n})
	}
}

// combine makes the key of two primes, or returns nil if they do not fit each other.
func combine(a, b *big.Int) *rsa.PrivateKey {
	one := big.NewInt(1)
	a1, b1 := new(big.Int).Sub(a, one), new(big.Int).Sub(b, one)
	gcd := new(big.Int).GCD(nil, nil, a1, b1)
	lcm := new(big.Int).Mul(a1, b1)
	lcm.Div(lcm, gcd)
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(a, b), E: keyExponent},
		D:         new(big.Int).ModInverse(big.NewInt(keyExponent), lcm),
		Primes:    []*big.Int{a, b},
	}
	if key.D == nil || key.N.BitLen() != keyBits {
		return nil
	}
	key.Precompute()
	if key.Validate() != nil {
		return nil
	}
	return key
}
