package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"iter"
	"net"
	"sync"

	"github.com/urfave/cli/v3"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// either calls an action, and its twin for accounts of the other site if it
// was refused. With which code that is done is not documented.
func either[T any](action, twin func() (T, error)) (T, error) {
	result, err := action()
	var refusal *baas.APIError
	if !errors.As(err, &refusal) || errors.Is(err, baas.ErrThrottled) || errors.Is(err, baas.ErrUnauthenticated) {
		return result, err
	}
	if other, errTwin := twin(); errTwin == nil {
		return other, nil
	}
	return result, err
}

func all[T any](seq iter.Seq2[T, error]) func() ([]T, error) {
	return func() (items []T, err error) {
		for item, err := range seq {
			if err != nil {
				return nil, err
			}
			items = append(items, item)
		}
		return items, nil
	}
}

func links(ctx context.Context, c *baas.Client, req *request) (baas.DownloadPath, error) {
	return either(func() (p baas.DownloadPath, err error) {
		resp, err := c.DescribeAntChainDownloadPaths(ctx, &baas.DescribeAntChainDownloadPathsRequest{AntChainID: req.AntChainID})
		if err == nil {
			p = resp.Result
		}
		return p, err
	}, func() (p baas.DownloadPath, err error) {
		resp, err := c.DescribeAntChainDownloadPathsV2(ctx, &baas.DescribeAntChainDownloadPathsV2Request{AntChainID: req.AntChainID, ConsortiumID: req.ConsortiumID})
		if err == nil {
			p = resp.Result
		}
		return p, err
	})
}

func chainsCommand(c *console) *cli.Command {
	return &cli.Command{
		Name: "chains", Usage: "list the consortiums and chains that the credentials can see",
		Action: c.action(0, chains),
	}
}

// A chainView is a chain in JSON.
type chainView struct {
	Consortium       string `json:"consortium"`
	ConsortiumName   string `json:"consortiumName"`
	ConsortiumStatus string `json:"consortiumStatus"`
	Chain            string `json:"chain,omitempty"`
	Name             string `json:"name,omitempty"`
	Status           string `json:"status,omitempty"`
	Member           string `json:"memberStatus,omitempty"`
	Enrolled         bool   `json:"enrolled"`
}

func chains(ctx context.Context, s *session) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	s.doing("asking for consortiums and chains")
	consortiums, err := either(all(client.AllAntChainConsortiums(ctx, &baas.DescribeAntChainConsortiumsRequest{})),
		all(client.AllAntChainConsortiumsV2(ctx, &baas.DescribeAntChainConsortiumsV2Request{})))
	if err != nil {
		return err
	}
	views := []chainView{}
	for _, con := range consortiums {
		found, err := either(all(client.AllAntChains(ctx, &baas.DescribeAntChainsRequest{ConsortiumID: con.ConsortiumID})),
			all(client.AllAntChainsV2(ctx, &baas.DescribeAntChainsV2Request{ConsortiumID: con.ConsortiumID})))
		if err != nil {
			return err
		}
		v := chainView{Consortium: con.ConsortiumID, ConsortiumName: con.ConsortiumName, ConsortiumStatus: string(con.Status)}
		if len(found) == 0 {
			views = append(views, v)
		}
		for _, chain := range found {
			v.Chain, v.Name, v.Status = chain.AntChainID, chain.AntChainName, string(chain.Network)
			v.Member, v.Enrolled = string(chain.MemberStatus), chain.MemberStatus == baas.ChainApplied
			views = append(views, v)
		}
	}
	s.done()
	return s.print(views, func(w io.Writer) {
		row(w, "CONSORTIUM", "NAME", "STATUS", "CHAIN", "NAME", "STATUS", "ENROLLED")
		for _, v := range views {
			enrolled := ""
			if v.Chain != "" {
				enrolled = v.Member
			}
			if v.Enrolled {
				enrolled = "yes"
			}
			row(w, v.Consortium, v.ConsortiumName, v.ConsortiumStatus, v.Chain, v.Name, v.Status, enrolled)
		}
	})
}

func nodesCommand(c *console) *cli.Command {
	return &cli.Command{
		Name: "nodes", Usage: "list the nodes of a chain",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "chain", Required: true, Usage: "`ID` of the chain"},
			&cli.StringFlag{Name: "consortium", Usage: "`ID` of the consortium"},
			&cli.BoolFlag{Name: "show-pins", Usage: "connect to each node, and print the pin that it shows"},
		},
		Action: c.action(0, nodes),
	}
}

// An endpointView is an address of a node in JSON.
type endpointView struct {
	Node    string `json:"node"`
	Address string `json:"address"`
	State   string `json:"state"`
	Pin     string `json:"pin,omitempty"`
	Fault   string `json:"fault,omitempty"`
}

func nodes(ctx context.Context, s *session) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	chain, consortium := s.cmd.String("chain"), s.cmd.String("consortium")
	s.doing("asking for the nodes of chain %s", chain)
	found, err := either(func() (nodes []baas.Node, err error) {
		resp, err := client.DescribeAntChainNodes(ctx, &baas.DescribeAntChainNodesRequest{AntChainID: chain})
		if err == nil {
			nodes = resp.Result
		}
		return nodes, err
	}, func() (nodes []baas.Node, err error) {
		resp, err := client.DescribeAntChainNodesV2(ctx, &baas.DescribeAntChainNodesV2Request{AntChainID: chain, ConsortiumID: consortium})
		if err == nil {
			nodes = resp.Result
		}
		return nodes, err
	})
	if err != nil {
		return err
	}
	views := []endpointView{}
	for _, n := range found {
		for _, e := range n.Endpoints {
			views = append(views, endpointView{Node: n.NodeID, Address: net.JoinHostPort(e.IP, e.Port), State: string(n.NodeState)})
		}
	}
	pins := s.cmd.Bool("show-pins")
	if pins {
		showPins(ctx, views)
	}
	s.done()
	err = s.print(views, func(w io.Writer) {
		row(w, "ADDRESS", "STATE", "NODE", map[bool]string{true: "PIN"}[pins])
		for _, v := range views {
			row(w, v.Address, v.State, v.Node, first(v.Pin, v.Fault))
		}
	})
	if pins && len(views) > 0 {
		s.note("unauthenticated: compare the pins with the operator")
	}
	return err
}

// showPins asks all nodes at once.
func showPins(ctx context.Context, views []endpointView) {
	var asked sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i := range views {
		asked.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			pin, err := shownPin(ctx, views[i].Address)
			if views[i].Pin = pin; pin == "" {
				views[i].Fault = plain(err)
			}
		})
	}
	asked.Wait()
}

// shownPin looks at the certificate that a node shows, and ends the handshake
// there. Nodes that share no curve with Go show it to who offers none.
func shownPin(ctx context.Context, addr string) (pin string, err error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	cfg := &tls.Config{
		InsecureSkipVerify: true,
		VerifyConnection: func(state tls.ConnectionState) error {
			pin = certbundle.Pin(state.PeerCertificates[0])
			return errors.New("seen")
		},
	}
	for range 2 {
		var conn net.Conn
		if conn, err = (&tls.Dialer{Config: cfg}).DialContext(ctx, "tcp", addr); err == nil {
			_ = conn.Close()
		}
		if pin != "" {
			return pin, nil
		}
		cfg.MaxVersion = tls.VersionTLS12
		cfg.CipherSuites = []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA}
	}
	return "", err
}
