// Command antcert gets, checks and keeps TLS identities for the nodes of an Ant
// Blockchain, as files in a folder. "antcert --help" has it all.
package main

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/aliyun/credentials-go/credentials/providers"
	"github.com/urfave/cli/v3"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/internal/codings"
	"github.com/antchain-go/baas/internal/console"
	"github.com/antchain-go/baas/internal/flags"
)

const description = `Credentials come from the provider chain of Alibaba Cloud: the environment
(ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET), OIDC, the
configuration of the aliyun command line, the role of an ECS instance.

The password of the private key comes from --password-file, else from
ANTCHAIN_KEY_PASSWORD, else from a prompt. It is never an argument.

Exit codes:
   0    done
   1    failed, and nothing was issued
   2    wrong usage
   3    the outcome is unknown, or another holder is enrolling
   4    the identity is not usable, or not there
   5    the identity is usable, and expires within --expires-in
   130  interrupted, with nothing in doubt

NO_COLOR is respected.`

func main() {
	c := console.New()
	os.Exit(fail(c, newApp(c).Run(console.Interruptible(), os.Args)))
}

// A session is one run of a command.
type session struct {
	*console.Console
	*cli.Command
	dir string // the first argument, if the command has one
}

func newApp(c *console.Console) *cli.Command {
	output := flags.Choice("output", "print `FORMAT` text or json", "text", "json")
	output.Aliases = []string{"o"}
	app := command(c, "antcert", "", "TLS identities for the nodes of an Ant Blockchain", description, nil,
		flags.Text("region", "call the endpoint of region `ID` (default: cn-hangzhou)"),
		flags.Text("endpoint", "call `HOST`, or a URL, instead of the region's endpoint"),
		flags.Text("profile", "take the credentials of profile `NAME` of the aliyun command line"),
		&cli.DurationFlag{Name: "timeout", Value: 10 * time.Minute, Usage: "give up after `TIME`; waiting for another holder may take 7 minutes"},
		flags.Choice("signature", "sign requests with `VERSION` v2 or v3", "v2", "v3"),
		output,
		flags.Yes("no-input", "never ask; fail instead"),
		flags.Yes("debug", "log each request to standard error, without secrets"))
	app.Version, app.EnableShellCompletion, app.HideHelpCommand = console.Version(), true, false
	app.Writer, app.ErrWriter, app.ExitErrHandler = c.Out, c.Err, func(context.Context, *cli.Command, error) {}
	app.Action = func(_ context.Context, cmd *cli.Command) error {
		if cmd.NArg() > 0 {
			return usage("there is no command %q: see antcert --help", cmd.Args().First())
		}
		return cli.ShowRootCommandHelp(cmd)
	}
	password := flags.Text("password-file", "read the password of the private key from `FILE`, - is standard input; one line ending is cut off")
	app.Commands = []*cli.Command{
		command(c, "chains", "", "list the consortiums and chains that the credentials can see", "", online(chains)),
		command(c, "nodes", "", "list the nodes of a chain", "", online(nodes), flags.Must("chain", "`ID` of the chain"),
			flags.Yes("show-pins", "connect to each node, and print the pin that it shows")),
		command(c, "enroll", "DIR", "get an identity into a folder, once, whatever happens",
			"Running it again is always safe: it goes on where the last run ended, and at most\none certificate is issued.", online(enroll),
			flags.Must("chain", "`ID` of the chain"), flags.Must("consortium", "`ID` of the consortium"),
			flags.Must("subject", "`NAME` for the certificate, as RFC 4514 writes it: \"CN=…,OU=…,O=…,L=…,ST=…,C=…\""),
			flags.Yes("csr", "make the private key here, instead of letting the service make it"), password),
		command(c, "status", "DIR", "say how far the enrollment of a folder has come", "", status),
		command(c, "clear", "DIR", "end a doubt, so that the folder can be enrolled anew",
			"Use it only if the console or the service's support says that nothing was issued, or after\nthe certificate was reset.", clearDoubt,
			flags.Text("confirm", "answer the question with `ID`, that of the chain")),
		command(c, "verify", "DIR", "check an identity without a node", "", verify,
			flags.Text("expires-in", "exit with 5 if the certificate ends within `TIME`, such as 30d or 12h"), password),
		command(c, "connect", "DIR", "try an identity with a node",
			"Without --pin the node's certificate must lead to ca.crt, and may be for any name: any\nholder of a certificate of that CA could stand for the node. "+
				"It sends\nnothing after the handshake, and prints what the node says first, if anything.", connect,
			flags.Must("node", "`ADDRESS` of the node, host:port"),
			&cli.StringSliceFlag{Name: "pin", Usage: "accept the node by its public key alone: `PIN`, sha256//…, as its operator tells it; may be repeated"},
			flags.Yes("allow-sha1", "the node's certificate may have a SHA-1 signature of ca.crt"),
			flags.Yes("allow-rsa-key-exchange", "offer TLS 1.2 without elliptic curves, which has no forward secrecy"), password),
		command(c, "complete", "DIR", "get the files that are missing beside a key",
			"It asks the service for fresh links, downloads what is missing, and verifies. It renews\nnothing and applies for nothing: for a new certificate, enroll into another folder.", online(complete),
			flags.Text("chain", "`ID` of the chain, if the folder does not say"), password),
		command(c, "secret", "DIR", "print a Kubernetes Secret, for kubectl apply -f -",
			"The private key stays encrypted. With --decrypt it is in the clear, in a Secret of type\nkubernetes.io/tls, and never printed to a terminal.", secret,
			flags.Must("name", "`NAME` of the Secret"), flags.Yes("decrypt", "a Secret of type kubernetes.io/tls, with the key in the clear"), password),
		command(c, "serve", "", "run an endpoint and a node on this machine, for trying all of this",
			"Both listen on 127.0.0.1 and end with Ctrl-C. What they issue protects nothing.", serve,
			flags.Choice("issuance", "issue certificates as the service did: `WHEN` is modern, console2019 or console2021", "modern", "console2019", "console2021")),
	}
	return app
}

// online is for commands that call the service.
func online(do func(context.Context, *session, *baas.Client) error) func(context.Context, *session) error {
	return func(ctx context.Context, s *session) error {
		client, err := s.client()
		if err != nil {
			return err
		}
		return do(ctx, s, client)
	}
}

// command makes a command that takes the argument args, a folder or nothing.
func command(c *console.Console, name, args, about, more string, do func(context.Context, *session) error, given ...cli.Flag) *cli.Command {
	return &cli.Command{
		Name: name, Usage: about, ArgsUsage: args, Description: more, Flags: given, HideHelpCommand: true,
		OnUsageError: func(_ context.Context, cmd *cli.Command, err error, _ bool) error {
			return usage("%w: see %s --help", err, cmd.FullName())
		},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			s := &session{Console: c, Command: cmd, dir: console.Folder(cmd.Args().First())}
			if (args != "") != (cmd.NArg() == 1 && cmd.Args().First() != "") || cmd.NArg() > 1 {
				return usage("the arguments are not right: see %s --help", cmd.FullName())
			}
			c.JSON, c.NoInput = cmd.String("output") == "json", cmd.Bool("no-input")
			if cmd.Bool("debug") {
				c.Debug = slog.NewTextHandler(c.Err, &slog.HandlerOptions{Level: slog.LevelDebug})
			}
			if d := cmd.Duration("timeout"); d > 0 && name != "serve" {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, d)
				defer cancel()
			}
			if err := do(ctx, s); err != nil {
				return s.classify(err)
			}
			return nil
		},
	}
}

const passwordVariable = "ANTCHAIN_KEY_PASSWORD"

// password gets the password of the private key.
func (s *session) password(ctx context.Context, fresh bool) (string, error) {
	return s.Password(ctx, s.String("password-file"), passwordVariable, fresh)
}

// client makes the client that the global flags ask for.
func (s *session) client() (*baas.Client, error) {
	opts := []baas.Option{baas.WithUserAgent("antcert/" + strings.Trim(console.Version(), "()")), baas.WithLogger(s.Logger()),
		baas.WithDecompressors(codings.Brotli, codings.Zstandard)}
	if s.IsSet("region") {
		opts = append(opts, baas.WithRegion(s.String("region")))
	}
	if s.IsSet("endpoint") {
		opts = append(opts, baas.WithEndpoint(s.String("endpoint")))
	}
	if s.String("signature") == "v3" {
		opts = append(opts, baas.WithSignatureVersion(baas.SignatureV3))
	}
	if name := s.String("profile"); name != "" {
		provider, err := providers.NewCLIProfileCredentialsProviderBuilder().WithProfileName(name).Build()
		if err != nil {
			return nil, usage("--profile: %w", err)
		}
		opts = append(opts, baas.WithCredential(credentials.FromCredentialsProvider("cli_profile", provider)))
	}
	return baas.NewClient(opts...)
}
