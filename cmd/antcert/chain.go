package main

import (
	"context"
	"crypto/tls"
	"errors"
	"iter"
	"net"
	"sync"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/certbundle"
)

// either calls an action, and its twin for accounts of the other site if it
// was refused. With which code that is done is not documented.
func either[T any](action, twin func() (T, error)) (T, error) {
	result, err := action()
	var refusal *baas.APIError
	if errors.As(err, &refusal) && !errors.Is(err, baas.ErrThrottled) && !errors.Is(err, baas.ErrUnauthenticated) {
		if other, errTwin := twin(); errTwin == nil {
			return other, nil
		}
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

type (
	linksReply = baas.DescribeAntChainDownloadPathsResponse
	nodesReply = baas.DescribeAntChainNodesResponse
)

func links(ctx context.Context, c *baas.Client, req *request) (*linksReply, error) {
	return either(func() (*linksReply, error) {
		return c.DescribeAntChainDownloadPaths(ctx, &baas.DescribeAntChainDownloadPathsRequest{AntChainID: req.AntChainID})
	}, func() (*linksReply, error) {
		r, err := c.DescribeAntChainDownloadPathsV2(ctx, &baas.DescribeAntChainDownloadPathsV2Request{AntChainID: req.AntChainID, ConsortiumID: req.ConsortiumID})
		return (*linksReply)(r), err
	})
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
	var rows [][]string
	for _, c := range consortiums {
		found, err := either(all(client.AllAntChains(ctx, &baas.DescribeAntChainsRequest{ConsortiumID: c.ConsortiumID})),
			all(client.AllAntChainsV2(ctx, &baas.DescribeAntChainsV2Request{ConsortiumID: c.ConsortiumID})))
		if err != nil {
			return err
		}
		if len(found) == 0 {
			rows = append(rows, []string{c.ConsortiumID, c.ConsortiumName, string(c.Status), "", "", "", ""})
		}
		for _, chain := range found {
			enrolled := string(chain.MemberStatus)
			if chain.MemberStatus == baas.ChainApplied {
				enrolled = "yes"
			}
			rows = append(rows, []string{c.ConsortiumID, c.ConsortiumName, string(c.Status), chain.AntChainID, chain.AntChainName, string(chain.Network), enrolled})
		}
	}
	return s.table([]string{"consortium", "consortium name", "consortium status", "chain", "chain name", "status", "enrolled"}, rows)
}

func nodes(ctx context.Context, s *session) error {
	client, err := s.client()
	if err != nil {
		return err
	}
	chain := s.String("chain")
	s.doing("asking for the nodes of chain %s", chain)
	found, err := either(func() (*nodesReply, error) {
		return client.DescribeAntChainNodes(ctx, &baas.DescribeAntChainNodesRequest{AntChainID: chain})
	}, func() (*nodesReply, error) {
		r, err := client.DescribeAntChainNodesV2(ctx, &baas.DescribeAntChainNodesV2Request{AntChainID: chain})
		return (*nodesReply)(r), err
	})
	if err != nil {
		return err
	}
	head := []string{"address", "state", "node"}
	var rows [][]string
	for _, n := range found.Result {
		for _, e := range n.Endpoints {
			rows = append(rows, []string{net.JoinHostPort(e.IP, e.Port), string(n.NodeState), n.NodeID})
		}
	}
	if s.Bool("show-pins") {
		head = append(head, "pin")
		var asked sync.WaitGroup
		for i := range rows {
			asked.Go(func() { rows[i] = append(rows[i], shownPin(ctx, rows[i][0])) })
		}
		asked.Wait()
		defer s.say("", "unauthenticated:", "compare the pins with the operator")
	}
	return s.table(head, rows)
}

// shownPin is the pin that a node shows, or why there is none. Nodes that share
// no curve with Go show their certificate to who offers none.
func shownPin(ctx context.Context, addr string) (pin string) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime)
	defer cancel()
	cfg := &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(state tls.ConnectionState) error {
		pin = certbundle.Pin(state.PeerCertificates[0])
		return errors.New("that was all to be seen")
	}}
	_, _, err := greet(ctx, addr, cfg)
	if pin == "" {
		cfg.MaxVersion = tls.VersionTLS12
		cfg.CipherSuites = []uint16{tls.TLS_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_256_CBC_SHA}
		_, _, _ = greet(ctx, addr, cfg)
	}
	if pin == "" {
		return plain(err)
	}
	return pin
}
