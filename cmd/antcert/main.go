// Command antcert gets, checks and keeps TLS identities for the nodes of an Ant
// Blockchain, as files in a folder. "antcert --help" has it all.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/aliyun/credentials-go/credentials/providers"
	"github.com/urfave/cli/v3"

	"github.com/antchain-go/baas"
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
	os.Exit(run(os.Args))
}

func run(args []string) int {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		signal.Stop(signals) // whoever insists ends the process
		cancel(errInterrupted)
	}()
	c := newConsole()
	err := newApp(c).Run(ctx, args)
	c.done()
	return c.fail(err)
}

var errInterrupted = errors.New("interrupted")

// A session is one run of a command.
type session struct {
	*console
	cmd *cli.Command
	dir string // the first argument, if the command has one
}

func newApp(c *console) *cli.Command {
	app := &cli.Command{
		Name: "antcert", Usage: "TLS identities for the nodes of an Ant Blockchain", Version: version(),
		Description: description, Writer: c.out, ErrWriter: c.err, EnableShellCompletion: true,
		ExitErrHandler: func(context.Context, *cli.Command, error) {},
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "region", Usage: "call the endpoint of region `ID` (default: cn-hangzhou)"},
			&cli.StringFlag{Name: "endpoint", Usage: "call `HOST`, or a URL, instead of the region's endpoint"},
			&cli.StringFlag{Name: "profile", Usage: "take the credentials of profile `NAME` of the aliyun command line"},
			&cli.DurationFlag{Name: "timeout", Value: 10 * time.Minute, Usage: "give up after `TIME`; who waits for another holder may need 7 minutes"},
			&cli.StringFlag{Name: "signature", Value: "v2", Usage: "sign requests with `VERSION` v2 or v3", Validator: oneOf("v2", "v3")},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Value: "text", Usage: "print `FORMAT` text or json", Validator: oneOf("text", "json")},
			&cli.BoolFlag{Name: "no-input", Usage: "never ask; fail instead"},
			&cli.BoolFlag{Name: "debug", Usage: "log each request to standard error, without secrets"},
		},
		Commands: []*cli.Command{
			chainsCommand(c), nodesCommand(c), enrollCommand(c), statusCommand(c), clearCommand(c),
			verifyCommand(c), connectCommand(c), completeCommand(c), secretCommand(c), serveCommand(c),
		},
	}
	app.Action = func(_ context.Context, cmd *cli.Command) error {
		if name := cmd.Args().First(); name != "" {
			return usage("there is no command %q: see antcert --help", name)
		}
		return cli.ShowRootCommandHelp(cmd)
	}
	for _, cmd := range append([]*cli.Command{app}, app.Commands...) {
		cmd.OnUsageError = func(_ context.Context, cmd *cli.Command, err error, _ bool) error {
			return usage("%w: see %s --help", err, cmd.FullName())
		}
		cmd.HideHelpCommand = cmd != app
	}
	return app
}

func oneOf(values ...string) func(string) error {
	return func(s string) error {
		for _, v := range values {
			if s == v {
				return nil
			}
		}
		return fmt.Errorf("%q is none of %s", s, strings.Join(values, ", "))
	}
}

// action makes the action of a command that takes the arguments args, a folder
// or nothing.
func (c *console) action(args int, do func(context.Context, *session) error) cli.ActionFunc {
	return func(ctx context.Context, cmd *cli.Command) error {
		if cmd.NArg() != args {
			return usage("%d arguments, and not %d: see %s --help", cmd.NArg(), args, cmd.FullName())
		}
		s := &session{console: c, cmd: cmd}
		if args > 0 {
			if s.dir = cmd.Args().First(); s.dir == "" {
				return usage("the folder has no name: see %s --help", cmd.FullName())
			}
			s.dir = filepath.Clean(s.dir)
		}
		c.json = cmd.String("output") == "json"
		if cmd.Bool("debug") {
			c.debug = slog.NewTextHandler(c.err, &slog.HandlerOptions{Level: slog.LevelDebug})
		}
		if d := cmd.Duration("timeout"); d > 0 && cmd.Name != "serve" {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, d)
			defer cancel()
		}
		return do(ctx, s)
	}
}

// client makes the client that the global flags ask for.
func (s *session) client() (*baas.Client, error) {
	opts := []baas.Option{baas.WithUserAgent("antcert/" + strings.Trim(version(), "()")), baas.WithLogger(s.logger())}
	if s.cmd.IsSet("region") {
		opts = append(opts, baas.WithRegion(s.cmd.String("region")))
	}
	if s.cmd.IsSet("endpoint") {
		opts = append(opts, baas.WithEndpoint(s.cmd.String("endpoint")))
	}
	if s.cmd.String("signature") == "v3" {
		opts = append(opts, baas.WithSignatureVersion(baas.SignatureV3))
	}
	if name := s.cmd.String("profile"); name != "" {
		provider, err := providers.NewCLIProfileCredentialsProviderBuilder().WithProfileName(name).Build()
		if err != nil {
			return nil, fmt.Errorf("--profile: %w", err)
		}
		opts = append(opts, baas.WithCredential(credentials.FromCredentialsProvider("cli_profile", provider)))
	}
	return baas.NewClient(opts...)
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// print prints v as JSON, or what text writes.
func (s *session) print(v any, text func(w io.Writer)) error {
	if s.json {
		return s.printJSON(v)
	}
	return s.printText(text)
}
