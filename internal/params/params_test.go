package params

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/internal/sign"
)

type status string

type request struct {
	ID       string `rpc:"Id,required"`
	Status   status `rpc:"Status"`
	Number   int    `rpc:"PageNumber,required"`
	Password string `rpc:"Password,required,secret"`
	Note     string // no parameter
}

func TestPlan(t *testing.T) {
	t.Parallel()
	plan := Of(reflect.TypeFor[request]())
	require.Equal(t, []string{"Password"}, plan.Secrets())
	require.EqualValues(t, 7, plan.Field(reflect.ValueOf(request{Number: 7}), "PageNumber").Int())
	for name, tt := range map[string]struct {
		req    request
		pairs  []sign.Pair
		faults []Fault
	}{
		"all fields": {
			request{"1q8B5R9p", "0", 12, "p", "n"},
			[]sign.Pair{{Name: "Id", Value: "1q8B5R9p"}, {Name: "Status", Value: "0"}, {Name: "PageNumber", Value: "12"}, {Name: "Password", Value: "p"}},
			nil,
		},
		"an empty optional one is left out": {
			request{ID: "1q8B5R9p", Number: -1, Password: "p"},
			[]sign.Pair{{Name: "Id", Value: "1q8B5R9p"}, {Name: "PageNumber", Value: "-1"}, {Name: "Password", Value: "p"}},
			nil,
		},
		"nothing": {
			request{}, nil,
			[]Fault{{"ID", "is required"}, {"Number", "is required"}, {"Password", "is required"}},
		},
		"no UTF-8": {
			request{"\xff", "\xff", 1, "p", ""},
			[]sign.Pair{{Name: "Id", Value: "\xff"}, {Name: "Status", Value: "\xff"}, {Name: "PageNumber", Value: "1"}, {Name: "Password", Value: "p"}},
			[]Fault{{"ID", "is not valid UTF-8"}, {"Status", "is not valid UTF-8"}},
		},
	} {
		pairs, faults := plan.Append([]sign.Pair{{Name: "First"}}, reflect.ValueOf(tt.req))
		require.Equal(t, append([]sign.Pair{{Name: "First"}}, tt.pairs...), pairs, name)
		require.Equal(t, tt.faults, faults, name)
	}
}

func TestFromValues(t *testing.T) {
	t.Parallel()
	pairs, reasons := FromValues(url.Values{"B": {"2", "1"}, "A": {""}, "C": nil})
	require.Equal(t, []sign.Pair{{Name: "A"}, {Name: "B", Value: "2"}, {Name: "B", Value: "1"}}, pairs, "the values of a name keep their order")
	require.Empty(t, reasons)

	for name, tt := range map[string]struct {
		values url.Values
		want   string
	}{
		"no name":            {url.Values{"": {"v"}}, "have a parameter without a name"},
		"a name not UTF-8":   {url.Values{"\xff": {"v"}}, "have a name that is not valid UTF-8"},
		"a common parameter": {url.Values{"signaturenonce": {"v"}}, "have signaturenonce, which is a common parameter"},
		"a value not UTF-8":  {url.Values{"N": {"\xff"}}, `have a value of "N" that is not valid UTF-8`},
		"a long name":        {url.Values{strings.Repeat("n", 1000): {"\xff"}}, `have a value of "` + strings.Repeat("n", 125) + `…" that is not valid UTF-8`},
	} {
		_, reasons := FromValues(tt.values)
		require.Equal(t, []string{tt.want}, reasons, name)
	}
}
