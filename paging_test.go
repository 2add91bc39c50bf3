package baas_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// A pagedService answers DescribeAntChains with the items of each page.
type pagedService struct {
	answer func(page, size int) string // a Result
	asked  []string                    // PageNumber/PageSize
}

func (s *pagedService) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.ParseForm(); err != nil {
		return nil, err
	}
	var page, size int
	_, _ = fmt.Sscan(r.PostForm.Get("PageNumber")+" "+r.PostForm.Get("PageSize"), &page, &size)
	if s.asked = append(s.asked, fmt.Sprintf("%d/%d", page, size)); len(s.asked) > 20 {
		return nil, errors.New("more pages than any test has")
	}
	return answering(200, `{"RequestId":"R","Result":`+s.answer(page, size)+`}`)(r)
}

// chainPage is a Result with the chains from one number up to another one.
func chainPage(from, to int, pagination string) string {
	var chains []string
	for i := from; i < to; i++ {
		chains = append(chains, fmt.Sprintf(`{"AntChainId":"%d"}`, i))
	}
	return `{"AntChains":[` + strings.Join(chains, ",") + `],"Pagination":` + pagination + `}`
}

// of has n chains in all, and allows most a page.
func of(n, most int, pagination func(page, size int) string) func(page, size int) string {
	return func(page, size int) string {
		size = min(size, most)
		return chainPage(min((page-1)*size, n), min(page*size, n), pagination(page, size))
	}
}

func total(n int) func(page, size int) string {
	return func(page, size int) string {
		return fmt.Sprintf(`{"PageNumber":%d,"PageSize":%d,"TotalCount":%d}`, page, size, n)
	}
}

// echoed tells a size that need not be that of the pages, 0 for none.
func echoed(size, n int) func(page, size int) string {
	return func(page, _ int) string {
		return fmt.Sprintf(`{"PageNumber":%d,"PageSize":%d,"TotalCount":%d}`, page, size, n)
	}
}

// latest tells one TotalCount on page 1, and another one after it.
func latest(first, then int) func(page, size int) string {
	return func(page, size int) string {
		if page == 1 {
			return total(first)(page, size)
		}
		return total(then)(page, size)
	}
}

func untold(int, int) string { return "null" }

// collect goes through an iterator and returns the IDs of the chains.
func collect(t testing.TB, chains iter.Seq2[baas.AntChain, error]) (ids []string, err error) {
	t.Helper()
	for chain, e := range chains {
		require.NoError(t, err, "nothing follows an error")
		if err = e; err != nil {
			require.Zero(t, chain)
			continue
		}
		ids = append(ids, chain.AntChainID)
	}
	return ids, err
}

func numbers(from, to int) (ids []string) {
	for i := from; i < to; i++ {
		ids = append(ids, fmt.Sprint(i))
	}
	return ids
}

func TestAll(t *testing.T) {
	t.Parallel()
	sameForEver := func(int, int) string { return chainPage(0, 3, "null") }
	for name, c := range map[string]struct {
		answer     func(page, size int) string
		page, size int // of the request
		want       []string
		asked      string
	}{
		"ends on TotalCount":                   {of(7, 50, total(7)), 0, 3, numbers(0, 7), "[1/3 2/3 3/3]"},
		"ends on TotalCount, last page full":   {of(6, 50, total(6)), 0, 3, numbers(0, 6), "[1/3 2/3]"},
		"ends on an empty page":                {of(6, 50, untold), 0, 3, numbers(0, 6), "[1/3 2/3 3/3]"},
		"ends on an empty page before the end": {of(4, 50, total(100)), 0, 3, numbers(0, 4), "[1/3 2/3 3/3]"},
		"nothing at all":                       {of(0, 50, total(0)), 0, 3, nil, "[1/3]"},
		"ends on a page that repeats": {func(page, size int) string {
			return of(9, 50, total(100))(min(page, 3), size) // the last page for ever
		}, 0, 3, numbers(0, 9), "[1/3 2/3 3/3 4/3]"},
		"ends when the service ignores the number": {sameForEver, 0, 3, numbers(0, 3), "[1/3 2/3]"},
		"ends when the pages begin anew": {func(page, size int) string {
			return of(6, 50, untold)((page-1)%2+1, size)
		}, 0, 3, numbers(0, 6), "[1/3 2/3 3/3]"},
		"zero PageNumber and PageSize":                  {of(21, 50, total(21)), 0, 0, numbers(0, 21), "[1/20 2/20]"},
		"begins with the request's page":                {of(7, 50, total(7)), 2, 3, numbers(3, 7), "[2/3 3/3]"},
		"begins behind the end":                         {of(7, 50, total(7)), 9, 3, nil, "[9/3]"},
		"fewer items a page than asked for":             {of(5, 2, total(5)), 0, 20, numbers(0, 5), "[1/20 2/20 3/20]"},
		"fewer items a page than asked for, and page 2": {of(5, 2, total(5)), 2, 20, numbers(2, 5), "[2/20 3/20]"},

		"page 3 on, fewer items a page than asked for and told": {
			of(25, 5, echoed(10, 25)), 3, 10, numbers(10, 25), "[3/10 4/10 5/10]",
		},
		"page 3 on, fewer items a page than asked for, no size told": {
			of(25, 5, echoed(0, 25)), 3, 10, numbers(10, 25), "[3/10 4/10 5/10]",
		},
		"page 3 on, a larger size told than asked for": {of(25, 5, echoed(100, 25)), 3, 5, numbers(10, 25), "[3/5 4/5 5/5]"},
		"page 3 on, a smaller size told than comes":    {of(25, 5, echoed(1, 25)), 3, 5, numbers(10, 25), "[3/5 4/5 5/5]"},
		"page 2 on, last page full":                    {of(6, 50, total(6)), 2, 3, numbers(3, 6), "[2/3]"},
		"page 2 on, the last, which is not full":       {of(5, 50, total(5)), 2, 3, numbers(3, 5), "[2/3 3/3]"},
		"page 2 on, TotalCount missing":                {of(6, 50, untold), 2, 3, numbers(3, 6), "[2/3 3/3]"},
		"TotalCount on the first page alone":           {of(7, 50, latest(7, 0)), 0, 3, numbers(0, 7), "[1/3 2/3 3/3 4/3]"},
		"TotalCount grows":                             {of(7, 50, latest(4, 7)), 0, 3, numbers(0, 7), "[1/3 2/3 3/3]"},
		"TotalCount shrinks":                           {of(6, 50, latest(9, 6)), 0, 3, numbers(0, 6), "[1/3 2/3]"},
		"every page empty, TotalCount not":             {of(0, 50, total(9)), 2, 3, nil, "[2/3]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &pagedService{answer: c.answer}
			req := &baas.DescribeAntChainsRequest{ConsortiumID: "c", PageNumber: c.page, PageSize: c.size}
			before := *req
			chains := newClient(t, s).AllAntChains(t.Context(), req)
			require.Empty(t, s.asked, "lazy")
			got, err := collect(t, chains)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Equal(t, c.asked, fmt.Sprint(s.asked))
			require.Equal(t, before, *req, "not modified")

			req.PageNumber = 77 // is not looked at any more
			again, err := collect(t, chains)
			require.NoError(t, err)
			require.Equal(t, got, again, "each range begins anew")
		})
	}
}

func TestAllIsLazy(t *testing.T) {
	t.Parallel()
	s := &pagedService{answer: of(9, 50, total(9))}
	n := 0
	for chain, err := range newClient(t, s).AllAntChains(t.Context(), &baas.DescribeAntChainsRequest{ConsortiumID: "c", PageSize: 3}) {
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(n), chain.AntChainID)
		require.Len(t, s.asked, n/3+1, "no page before its first item is wanted")
		if n++; n == 6 {
			break
		}
	}
	require.Len(t, s.asked, 2)
}

func TestAllErrors(t *testing.T) {
	t.Parallel()
	t.Run("after some pages", func(t *testing.T) {
		t.Parallel()
		s := &pagedService{answer: of(9, 50, total(9))}
		client := newClient(t, scripted(answering(403, `{"RequestId":"R","Code":"Forbidden.RAM","Message":"m"}`), s.RoundTrip, s.RoundTrip))
		got, err := collect(t, client.AllAntChains(t.Context(), &baas.DescribeAntChainsRequest{ConsortiumID: "c", PageSize: 3}))
		require.ErrorIs(t, err, baas.ErrForbidden)
		require.ErrorContains(t, err, "DescribeAntChains")
		require.Equal(t, numbers(0, 6), got)
	})
	t.Run("what is missing is named", func(t *testing.T) {
		t.Parallel()
		s := &pagedService{}
		for _, req := range []*baas.DescribeAntChainsRequest{nil, {}} {
			_, err := collect(t, newClient(t, s).AllAntChains(t.Context(), req))
			require.ErrorIs(t, err, baas.ErrInvalidRequest)
		}
		var none *baas.Client
		_, err := collect(t, none.AllAntChains(t.Context(), &baas.DescribeAntChainsRequest{ConsortiumID: "c"}))
		require.ErrorIs(t, err, baas.ErrInvalidRequest)
		require.Empty(t, s.asked)
	})
	t.Run("a negative page is sent, the service is the judge", func(t *testing.T) {
		t.Parallel()
		s := &pagedService{answer: func(int, int) string { return chainPage(0, 0, "null") }}
		_, err := collect(t, newClient(t, s).AllAntChains(t.Context(), &baas.DescribeAntChainsRequest{ConsortiumID: "c", PageNumber: -1, PageSize: -1}))
		require.NoError(t, err)
		require.Equal(t, []string{"-1/-1"}, s.asked)
	})
	t.Run("the context ends between pages", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		s := &pagedService{answer: func(page, size int) string {
			if page == 2 {
				cancel()
			}
			return of(9, 50, total(9))(page, size)
		}}
		_, err := collect(t, newClient(t, s).AllAntChains(ctx, &baas.DescribeAntChainsRequest{ConsortiumID: "c", PageSize: 3}))
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("call options reach the call", func(t *testing.T) {
		t.Parallel()
		opt := baas.WithJournal(func(context.Context, baas.Stamp) error { return nil })
		_, err := collect(t, newClient(t, &pagedService{}).AllAntChains(t.Context(), &baas.DescribeAntChainsRequest{ConsortiumID: "c"}, opt))
		require.ErrorIs(t, err, baas.ErrInvalidRequest, "a call that is ReadOnly takes no journal")
	})
}

// TestEveryPagedActionHasAnIterator: All and the action's name without Describe,
// which asks for the pages of that action.
func TestEveryPagedActionHasAnIterator(t *testing.T) {
	t.Parallel()
	paged := 0
	for action, m := range typedMethods(t, newClient(t, answering(200, ""))) {
		if _, ok := m.request.FieldByName("PageNumber"); !ok {
			continue
		}
		paged++
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			var asked []url.Values
			client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
				require.NoError(t, r.ParseForm())
				require.Equal(t, action, r.URL.Query().Get("Action"))
				asked = append(asked, r.PostForm)
				number := r.PostForm.Get("PageNumber")
				list := `[{"AntChainId":"` + number + `","ConsortiumId":"` + number + `","MemberId":"` + number + `"}]`
				if len(asked) == 3 {
					list = "[]"
				}
				var result []string
				for _, name := range []string{"AntConsortiums", "AntChains", "CertificateApplications", "Members", "Accounts"} {
					result = append(result, `"`+name+`":`+list)
				}
				return answering(200, `{"RequestId":"R","Result":{`+strings.Join(result, ",")+`}}`)(r)
			}))
			req := m.full()
			req.Elem().FieldByName("PageNumber").SetInt(0)
			all := reflect.ValueOf(client).MethodByName("All" + strings.TrimPrefix(action, "Describe"))
			require.True(t, all.IsValid())
			seq := all.Call([]reflect.Value{reflect.ValueOf(t.Context()), req})[0]
			items := 0
			for item, err := range seq.Seq2() {
				items++
				require.True(t, err.IsNil(), "%v", err)
				require.False(t, item.IsZero())
			}
			require.Equal(t, 2, items)
			require.Len(t, asked, 3)
			require.Equal(t, "3", asked[2].Get("PageNumber"))
		})
	}
	require.Equal(t, 10, paged)
}
