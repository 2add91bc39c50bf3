package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/antchain-go/baas/baastest"
	"github.com/antchain-go/baas/certbundle"
)

var issuances = map[string]baastest.Issuance{
	"modern": baastest.Modern, "console2019": baastest.Console2019, "console2021": baastest.Console2021,
}

func serveCommand(c *console) *cli.Command {
	return &cli.Command{
		Name: "serve", Usage: "run an endpoint and a node on this machine, for trying all of this",
		Description: "Both listen on 127.0.0.1 and end with Ctrl-C. What they issue protects nothing.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "issuance", Value: "modern", Validator: oneOf("modern", "console2019", "console2021"),
				Usage: "issue certificates as the service did: `WHEN` is modern, console2019 or console2021"},
		},
		Action: c.action(0, serve),
	}
}

// A serveView is what a client of any language needs, in JSON.
type serveView struct {
	Endpoint   string `json:"endpoint"`
	KeyID      string `json:"accessKeyID"`
	Secret     string `json:"accessKeySecret"`
	Consortium string `json:"consortium"`
	Chain      string `json:"chain"`
	Node       string `json:"node"`
	Pin        string `json:"pin"`
}

func serve(ctx context.Context, s *session) error {
	srv := baastest.NewServer(
		baastest.WithIssuance(issuances[s.cmd.String("issuance")]),
		baastest.WithConsortium(baastest.Consortium{ID: "DV80nJXq", Name: "trial", Chains: []baastest.Chain{{ID: "1q8B5R9p", Name: "trial chain"}}}),
	)
	defer srv.Close()
	node := srv.NewNode()
	cred, err := srv.Credential().GetCredential()
	if err != nil {
		return err
	}
	v := serveView{
		Endpoint: srv.URL(), KeyID: *cred.AccessKeyId, Secret: *cred.AccessKeySecret, Consortium: "DV80nJXq", Chain: "1q8B5R9p",
		Node: node.Addr(), Pin: certbundle.Pin(node.Certificate()),
	}
	if err := s.print(v, v.text); err != nil {
		return err
	}
	<-ctx.Done()
	s.note("stopped")
	return nil
}

func (v serveView) text(w io.Writer) {
	export := "export %s=%s\n"
	if runtime.GOOS == "windows" {
		export = "$env:%s = \"%s\"\n"
	}
	name := ownName()
	fmt.Fprintf(w, "# endpoint %s and node %s, on this machine alone, until Ctrl-C.\n# In another terminal:\n", v.Endpoint, v.Node)
	fmt.Fprintf(w, export, "ALIBABA_CLOUD_ACCESS_KEY_ID", v.KeyID)
	fmt.Fprintf(w, export, "ALIBABA_CLOUD_ACCESS_KEY_SECRET", v.Secret)
	fmt.Fprintf(w, "%s chains --endpoint %s\n%s nodes --endpoint %s --chain %s --show-pins\n", name, v.Endpoint, name, v.Endpoint, v.Chain)
	fmt.Fprintf(w, "%s enroll trial --endpoint %s --chain %s --consortium %s --subject \"CN=trial,OU=a unit,O=an organization,L=Hangzhou,ST=Zhejiang,C=CN\"\n",
		name, v.Endpoint, v.Chain, v.Consortium)
	fmt.Fprintf(w, "%s status trial\n%s verify trial --expires-in 30d\n%s connect trial --node %s --pin %s\n", name, name, name, v.Node, v.Pin)
	fmt.Fprintf(w, "%s complete trial --endpoint %s\n%s secret trial --name trial\n", name, v.Endpoint, name)
}

// ownName is how this command was called.
func ownName() string {
	if self, err := os.Executable(); err == nil && strings.Contains(filepath.ToSlash(self), "/go-build") {
		return "go run ./cmd/antcert"
	}
	if strings.ContainsAny(os.Args[0], " \t\"'$`\\&;()") {
		return "antcert"
	}
	return os.Args[0]
}
