package baastest

import (
	"slices"
	"time"
)

const (
	defaultConsortiumID = "DV80nJXq"
	defaultChainID      = "1q8B5R9p"

	callerID = "1170000000000001" // the account that calls
)

// Consortium is a consortium as the Describe actions tell of it, see [WithConsortium]. The zero value is complete: it
// has the IDs of the reference pages' examples, one chain, and the caller as its only member.
type Consortium struct {
	ID          string // "DV80nJXq" if empty
	Name        string // the ID if empty
	Description string
	Role        string    // of the caller: "SuperAdmin" if empty
	CreateTime  time.Time // the start of the server if zero
	Chains      []Chain   // one zero Chain if nil; empty for a consortium without chains
	Members     []Member  // the caller alone if nil
}

// Chain is a chain of a [Consortium]. Its nodes are those of [Server.NewNode], whatever the chain.
type Chain struct {
	ID         string    // "1q8B5R9p" if empty
	Name       string    // the ID if empty
	Version    string    // "2.19.1" if empty
	CreateTime time.Time // that of the consortium if zero
	ExpireTime time.Time // ten years after CreateTime if zero
}

// Member is a member of a [Consortium].
type Member struct {
	ID       string    // of the account, such as "1170000000000001"
	Name     string    // "uid-" and the ID if empty
	Role     string    // "Member" if empty
	Status   string    // "AllianceJoined" if empty
	JoinTime time.Time // the CreateTime of the consortium if zero
}

// WithConsortium seeds a consortium; every further one adds another. From the first on, the server refuses the IDs of
// consortiums and chains that it does not know, with InvalidParameter. Without any it accepts every ID that is not empty, and
// shows the zero [Consortium], and the consortiums and chains that certificates were applied for.
func WithConsortium(c Consortium) Option {
	return func(cfg *config) { cfg.consortiums = append(cfg.consortiums, c) }
}

// completed fills in what is empty. The slices are the copy's own.
func (c Consortium) completed(start time.Time) Consortium {
	fallback(&c.ID, defaultConsortiumID)
	fallback(&c.Name, c.ID)
	fallback(&c.Role, "SuperAdmin")
	fallback(&c.CreateTime, start)
	if c.Chains == nil {
		c.Chains = []Chain{{}}
	}
	if c.Members == nil {
		c.Members = []Member{{ID: callerID, Role: c.Role}}
	}
	c.Chains, c.Members = slices.Clone(c.Chains), slices.Clone(c.Members)
	for i := range c.Chains {
		chain := &c.Chains[i]
		fallback(&chain.ID, defaultChainID)
		fallback(&chain.Name, chain.ID)
		fallback(&chain.Version, "2.19.1")
		fallback(&chain.CreateTime, c.CreateTime)
		fallback(&chain.ExpireTime, chain.CreateTime.AddDate(10, 0, 0))
	}
	for i := range c.Members {
		member := &c.Members[i]
		fallback(&member.Name, "uid-"+member.ID)
		fallback(&member.Role, "Member")
		fallback(&member.Status, "AllianceJoined")
		fallback(&member.JoinTime, c.CreateTime)
	}
	return c
}

func fallback[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

// consortium returns the consortium of an ID. Without seeds every ID has one: the zero Consortium, with the chains
// that were applied for in it. It is called with the server's lock held.
func (s *Server) consortium(id string) (Consortium, error) {
	if len(s.cfg.consortiums) > 0 {
		i := slices.IndexFunc(s.consortiums, func(c Consortium) bool { return c.ID == id })
		if i < 0 {
			return Consortium{}, invalid("The specified ConsortiumId does not exist.")
		}
		return s.consortiums[i], nil
	}
	c := Consortium{ID: id, Chains: []Chain{{}}}
	for _, a := range s.applications {
		known := slices.ContainsFunc(c.Chains, func(chain Chain) bool { return chain.ID == a.chain })
		if a.consortium == id && !known && a.chain != defaultChainID {
			c.Chains = append(c.Chains, Chain{ID: a.chain})
		}
	}
	return c.completed(s.start), nil
}

// consortiumIDs are those to list: of the seeds, or the zero Consortium's and those that certificates were applied for
// in. It is called with the server's lock held.
func (s *Server) consortiumIDs() []string {
	var ids []string
	for _, c := range s.consortiums {
		ids = append(ids, c.ID)
	}
	if len(s.cfg.consortiums) == 0 {
		for _, a := range s.applications {
			if a.consortium != "" && !slices.Contains(ids, a.consortium) {
				ids = append(ids, a.consortium)
			}
		}
	}
	return ids
}

// chain returns the chain of a request: that of AntChainId, in the consortium of ConsortiumId if it names one. It is
// called with the server's lock held.
func (s *Server) chain(c *call) (Chain, error) {
	id, consortiumID := c.params.Get("AntChainId"), c.params.Get("ConsortiumId")
	if len(s.cfg.consortiums) == 0 {
		return Consortium{Chains: []Chain{{ID: id}}}.completed(s.start).Chains[0], nil
	}
	if consortiumID != "" {
		if _, err := s.consortium(consortiumID); err != nil {
			return Chain{}, err
		}
	}
	for _, consortium := range s.consortiums {
		if consortiumID != "" && consortium.ID != consortiumID {
			continue
		}
		for _, chain := range consortium.Chains {
			if chain.ID == id {
				return chain, nil
			}
		}
	}
	return Chain{}, invalid("The specified AntChainId does not exist.")
}

// checkChain is chain for those who need to know no more than that it exists.
func (s *Server) checkChain(c *call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.chain(c)
	return err
}
