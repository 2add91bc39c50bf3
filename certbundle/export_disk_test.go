package certbundle

import "net/http"

// A StepFunc is called before each step of making a file. An error takes the
// place of the step.
type StepFunc func(step, path string) error

// WithSteps is for Save.
func WithSteps(f StepFunc) Option { return func(o *options) { o.disk.before = f } }

func PrepareWithSteps(dir string, f StepFunc) error { return disk{before: f}.prepare(dir) }

func (b *Bundle) WriteDirWithSteps(dir string, f StepFunc) error {
	return disk{before: f}.writeBundle(dir, b)
}

// OwnTransport is what downloads are made with if no client is given.
func OwnTransport() *http.Transport { return newTransport() }
