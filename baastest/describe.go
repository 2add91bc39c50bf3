package baastest

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
)

// fields is an object of a reply.
type fields map[string]any

// page returns the part of all that the request asks for, and what the reply says about it.
func page[T any](c *call, all []T) ([]T, fields) {
	number, _ := strconv.ParseInt(c.params.Get("PageNumber"), 10, 32) // checkBusiness has found both to be numbers
	size, _ := strconv.ParseInt(c.params.Get("PageSize"), 10, 32)
	from := min((number-1)*size, int64(len(all)))
	to := min(from+size, int64(len(all)))
	return all[from:to], fields{"PageNumber": number, "PageSize": size, "TotalCount": len(all)}
}

// listed is one page of a list, under its name.
func listed(c *call, name string, all []fields) fields {
	if all == nil {
		all = []fields{} // an empty list, not null
	}
	shown, pagination := page(c, all)
	return fields{name: shown, "Pagination": pagination}
}

func (s *Server) describeConsortiums(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []fields
	for _, id := range s.consortiumIDs() {
		consortium, err := s.consortium(id)
		if err != nil {
			return nil, err
		}
		entry := fields{
			"ConsortiumId": consortium.ID, "ConsortiumName": consortium.Name,
			"ConsortiumDescription": consortium.Description, "Role": consortium.Role, "Status": "Active",
			"ChainNum": len(consortium.Chains), "MemberNum": len(consortium.Members),
			"CreateTime": consortium.CreateTime.UnixMilli(),
		}
		if c.action.domestic {
			entry["IsEmptyConsortium"] = len(consortium.Chains) == 0
		}
		list = append(list, entry)
	}
	return listed(c, "AntConsortiums", list), nil
}

func (s *Server) describeChains(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	consortium, err := s.consortium(c.params.Get("ConsortiumId"))
	if err != nil {
		return nil, err
	}
	var list []fields
	for _, chain := range consortium.Chains {
		status := "ChainNotApplied"
		if s.hasApplied(chain.ID) {
			status = "ChainApplied"
		}
		entry := fields{
			"AntChainId": chain.ID, "AntChainName": chain.Name, "ChainType": "Contract", "CipherSuit": "classic",
			"TlsAlgo": "rsa", "MerkleTreeSuit": "fdmt", "ResourceSize": "Basic", "Network": "Running",
			"RegionId": domesticRegion, "NodeNum": len(s.nodes), "MemberStatus": status,
			"IsAdmin": consortium.Role != "Member", "CreateTime": chain.CreateTime.UnixMilli(),
			"ExpireTime": chain.ExpireTime.UnixMilli(),
		}
		if c.action.domestic {
			entry["Version"], entry["MonitorStatus"], entry["RestStatus"] = chain.Version, true, "CREATE"
			entry["InstanceId"] = "ALIYUN" + strconv.FormatInt(chain.CreateTime.UnixMilli(), 10)
		}
		list = append(list, entry)
	}
	result := listed(c, "AntChains", list)
	if !c.action.domestic {
		result["IsExist"] = false // as in the page's example, which has a chain nevertheless
	}
	return result, nil
}

func (s *Server) describeMembers(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	consortium, err := s.consortium(c.params.Get("ConsortiumId"))
	if err != nil {
		return nil, err
	}
	var list []fields
	for _, member := range consortium.Members {
		list = append(list, fields{
			"MemberId": member.ID, "MemberName": member.Name, "Role": member.Role, "Status": member.Status,
			"JoinTime": member.JoinTime.UnixMilli(),
		})
	}
	return listed(c, "Members", list), nil
}

// describeInformation counts a block and a transaction for every account: nothing else happens on these chains.
func (s *Server) describeInformation(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	chain, err := s.chain(c)
	if err != nil {
		return nil, err
	}
	height := len(s.accountsOf(chain.ID))
	infos := []fields{}
	for _, node := range s.nodes {
		ip, port := node.endpoint()
		infos = append(infos, fields{
			"NodeName": ip + " " + port, "Status": true, "BlockHeight": height, "Version": "0.10",
		})
	}
	return fields{
		"AntChainId": chain.ID, "BlockHeight": height, "TransactionSum": height, "NodeNumber": len(infos),
		"AbnormalNodes": 0, "Normal": true, "IsRole": false, "CreateTime": chain.CreateTime.UnixMilli(),
		"Version": chain.Version, "NodeInfos": infos,
	}, nil
}

// describeNodes returns each node as an object, and in the V2 twin as JSON in a string.
func (s *Server) describeNodes(c *call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.chain(c); err != nil {
		return nil, err
	}
	nodes := []any{}
	for _, node := range s.nodes {
		described := node.described()
		if !c.action.domestic {
			nodes = append(nodes, described)
			continue
		}
		text, err := json.Marshal(described)
		if err != nil {
			return nil, err
		}
		nodes = append(nodes, string(text))
	}
	return nodes, nil
}

func (n *Node) endpoint() (ip, port string) {
	ip, port, _ = net.SplitHostPort(n.Addr()) // a TCP address has both
	return ip, port
}

// described is the node as the chain knows it. Its public key there is not that of its certificate, and made up.
func (n *Node) described() fields {
	ip, port := n.endpoint()
	publicKey := sha512.Sum512(n.cert.Raw)
	return fields{
		"endpoints": []fields{{"ip": ip, "port": port}}, "nodeId": fmt.Sprintf("0x%X", sha256.Sum256(publicKey[:])),
		"nodeState": 2, "nodeType": 1, "publicKey": fmt.Sprintf("0x%X", publicKey),
	}
}
