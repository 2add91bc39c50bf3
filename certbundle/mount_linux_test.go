package certbundle_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/certbundle"
)

// mountTask mounts a small file system in a child process that has a view of
// its own of what is mounted.
func mountTask(task string, e errand) (r report) {
	mount := func(flags uintptr, options string) error {
		return syscall.Mount("tmpfs", e.Dir, "tmpfs", flags, options)
	}
	// Nothing of this may be seen outside.
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return report{Skip: err.Error()}
	}
	if err := mount(0, "size=64k,mode=700"); err != nil {
		return report{Skip: err.Error()}
	}
	switch task {
	case "full disk", "full disk, prepare":
		filler := filepath.Join(e.Dir, "filler")
		_ = os.WriteFile(filler, make([]byte, 1<<20), 0o600) // as much as there is room for
	case "read-only disk", "read-only disk, prepare":
		if err := mount(syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
			return report{Skip: err.Error()}
		}
	default:
		return report{Skip: "no such task"}
	}
	if task == "full disk, prepare" || task == "read-only disk, prepare" {
		r.judge(certbundle.Prepare(e.Dir))
	} else {
		r.save(e)
	}
	entries, err := os.ReadDir(e.Dir)
	for _, entry := range entries {
		if entry.Name() != "filler" {
			r.Error = "left behind: " + entry.Name()
		}
	}
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

func TestFullAndReadOnlyDisk(t *testing.T) {
	t.Parallel()
	id := identities()[0]
	for task, want := range map[string]struct {
		text string
		is   func(report) bool
	}{
		"full disk":               {"certbundle: client.key: the private key may not be on disk", func(r report) bool { return r.NoSpace }},
		"full disk, prepare":      {"cannot be written: ", func(r report) bool { return r.NoSpace }},
		"read-only disk":          {"certbundle: client.key: the private key may not be on disk", func(r report) bool { return r.NoWrite }},
		"read-only disk, prepare": {"cannot be written: ", func(r report) bool { return r.NoWrite }},
	} {
		t.Run(task, func(t *testing.T) {
			t.Parallel()
			r, _, _ := child(t, task, errand{Dir: t.TempDir(), Result: id.result}, func(cmd *exec.Cmd) {
				cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
				if uid := os.Geteuid(); uid != 0 {
					cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
					cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
					cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
				}
			})
			if r.Skip != "" {
				t.Skip(r.Skip)
			}
			require.True(t, want.is(r), "%+v", r)
			require.Contains(t, r.Error, want.text)
			require.False(t, r.Exists)
		})
	}
}
