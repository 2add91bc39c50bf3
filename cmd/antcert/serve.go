package main

import (
	"context"
	"strings"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
	"github.com/antchain-go/baas/internal/console"
)

var issuances = map[string]baastest.Issuance{
	"modern": baastest.Modern, "console2019": baastest.Console2019, "console2021": baastest.Console2021,
}

// commands is what there is to try.
const commands = `
# ENDPOINT and NODE are there for this machine alone, until Ctrl-C. In another terminal:
SET_ID
SET_SECRET
ANTCERT chains --endpoint ENDPOINT
ANTCERT nodes --endpoint ENDPOINT --chain CHAIN --show-pins
ANTCERT enroll trial --endpoint ENDPOINT --chain CHAIN --consortium CONSORTIUM --subject "CN=trial,OU=a unit,O=an organization,L=Hangzhou,ST=Zhejiang,C=CN"
ANTCERT status trial
ANTCERT verify trial --expires-in 30d
ANTCERT connect trial --node NODE --pin PIN
ANTCERT complete trial --endpoint ENDPOINT
ANTCERT secret trial --name trial
`

func serve(ctx context.Context, s *session) error {
	chain := baastest.Consortium{ID: "DV80nJXq", Name: "trial", Chains: []baastest.Chain{{ID: "1q8B5R9p", Name: "trial chain"}}}
	srv := baastest.NewServer(baastest.WithIssuance(issuances[s.String("issuance")]), baastest.WithConsortium(chain))
	defer srv.Close()
	node := srv.NewNode()
	cred, err := srv.Credential().GetCredential()
	if err != nil {
		return err
	}
	pin := certbundle.Pin(node.Certificate())
	title := strings.TrimSpace(commands)
	title = strings.NewReplacer("SET_ID", console.Export("ALIBABA_CLOUD_ACCESS_KEY_ID", *cred.AccessKeyId),
		"SET_SECRET", console.Export("ALIBABA_CLOUD_ACCESS_KEY_SECRET", *cred.AccessKeySecret), "ANTCERT", console.Self(), "ENDPOINT", srv.URL(),
		"NODE", node.Addr(), "PIN", pin, " CHAIN", " "+chain.Chains[0].ID, " CONSORTIUM", " "+chain.ID).Replace(title)
	if !s.JSON {
		_, err = s.Out.WriteString(title + "\n")
	} else {
		err = s.Show("", "endpoint", srv.URL(), "access key ID", *cred.AccessKeyId, "access key secret", *cred.AccessKeySecret,
			"consortium", chain.ID, "chain", chain.Chains[0].ID, "node", node.Addr(), "pin", pin)
	}
	if err == nil {
		<-ctx.Done()
		s.Say("", "", "stopped")
	}
	return err
}
