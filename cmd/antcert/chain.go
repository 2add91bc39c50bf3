package main

import (
	"context"
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

type nodesReply = baas.DescribeAntChainNodesResponse

func chains(ctx context.Context, s *session, client *baas.Client) error {
	s.Doing("asking for consortiums and chains")
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
	return s.Table([]string{"consortium", "consortium name", "consortium status", "chain", "chain name", "status", "enrolled"}, rows)
}

func nodes(ctx context.Context, s *session, client *baas.Client) error {
	chain := s.String("chain")
	s.Doing("asking for the nodes of chain %s", chain)
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
			asked.Go(func() {
				pin, err := certbundle.ShownPin(ctx, rows[i][0])
				if err != nil {
					pin = plain(err)
				}
				rows[i] = append(rows[i], pin)
			})
		}
		asked.Wait()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		defer s.Say("", "unauthenticated:", "compare the pins with the operator")
	}
	return s.Table(head, rows)
}
