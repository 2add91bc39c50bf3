package check

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestValues(t *testing.T) {
	t.Parallel()
	n := 1
	for name, tt := range map[string]struct {
		value          any
		isNil, pointer bool
	}{
		"nil":              {nil, true, false},
		"a nil pointer":    {(*int)(nil), true, false},
		"a nil map":        {map[string]int(nil), true, false},
		"a nil function":   {(func())(nil), true, false},
		"a nil channel":    {(chan int)(nil), true, false},
		"a nil slice":      {[]int(nil), true, false},
		"an empty slice":   {[]int{}, false, false},
		"a number":         {0, false, false},
		"a struct":         {struct{}{}, false, false},
		"a pointer":        {&n, false, true},
		"a pointer to nil": {new(*int), false, true},
	} {
		require.Equal(t, tt.isNil, IsNil(tt.value), name)
		require.Equal(t, tt.pointer, IsPointer(tt.value), name)
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ space, header, fits, identifier bool }{
		"":                  {header: true, fits: true},
		"DescribeAntChains": {header: true, fits: true, identifier: true},
		"az09AZ":            {header: true, fits: true, identifier: true},
		"wallet/1.2":        {header: true, fits: true},
		"a-b":               {header: true, fits: true},
		"a b":               {space: true, header: true, fits: true},
		"~":                 {header: true, fits: true},
		"a\n":               {space: true},
		"a\r\n":             {space: true},
		"a\tb":              {space: true, fits: true},
		"a\u00a0b":          {space: true, fits: true},
		"a\x00":             {space: true},
		"a\x7f":             {space: true},
		"ä":                 {fits: true},
		"\xff":              {fits: true},
	} {
		require.Equal(t, want.space, HasSpace(text), "%q", text)
		require.Equal(t, want.header, IsHeaderValue(text), "%q", text)
		require.Equal(t, want.fits, FitsHeader(text), "%q", text)
		require.Equal(t, want.identifier, IsIdentifier(text), "%q", text)
	}
}
