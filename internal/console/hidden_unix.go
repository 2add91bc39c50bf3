//go:build linux || darwin

package console

import (
	"bufio"
	"os"

	"golang.org/x/sys/unix"
)

// readHidden reads a line from a terminal that does not show it.
// term.ReadPassword does that too, but reads on after the end of the input.
func readHidden(f *os.File) ([]byte, error) {
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	quiet := *before
	quiet.Lflag = quiet.Lflag&^unix.ECHO | unix.ICANON | unix.ISIG
	quiet.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(fd, setTermios, &quiet); err != nil {
		return nil, err
	}
	defer func() { _ = unix.IoctlSetTermios(fd, setTermios, before) }()
	return bufio.NewReader(f).ReadBytes('\n')
}
