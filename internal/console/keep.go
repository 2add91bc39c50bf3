package console

import "os"

// Keep prints a text that is nowhere else: to standard output, or to standard
// error if that does not take it or is the null device. It returns which of them
// has it; "" is none.
func (c *Console) Keep(text string) (where string) {
	c.Done()
	for _, to := range []struct {
		file *os.File
		name string
	}{{c.Out, "standard output"}, {c.Err, "standard error"}} {
		if isNull(to.file) {
			continue
		}
		if _, err := to.file.WriteString(text); err == nil {
			return to.name
		}
	}
	return ""
}

func isNull(f *os.File) bool {
	null, err := os.Stat(os.DevNull)
	if err != nil {
		return false
	}
	info, err := f.Stat()
	return err == nil && os.SameFile(info, null)
}
