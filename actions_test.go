package baas_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
)

// shared opens a file of the service's documentation, which lies beside the
// clone and is no part of it. Where it is missing the test is skipped, but not
// in continuous integration.
func shared(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join("..", "shared", "api", name)
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the service's documentation is needed and missing: %v", err)
		}
		t.Skipf("the service's documentation is no part of the repository, and is missing: %v", err)
	}
	return path
}

// A method is a typed method of Client, found by reflection.
type method struct {
	name     string
	call     reflect.Value
	request  reflect.Type // a struct
	response reflect.Type // a struct
}

// typedMethods lists the methods of Client that stand for an action.
func typedMethods(t testing.TB, client *baas.Client) map[string]method {
	t.Helper()
	methods := make(map[string]method)
	v := reflect.ValueOf(client)
	for i := range v.NumMethod() {
		name, typ := v.Type().Method(i).Name, v.Method(i).Type()
		if typ.NumIn() != 3 || typ.NumOut() != 2 || typ.In(1).Kind() != reflect.Pointer {
			continue
		}
		m := method{name: name, call: v.Method(i), request: typ.In(1).Elem(), response: typ.Out(0).Elem()}
		require.Equal(t, name+"Request", m.request.Name())
		require.Equal(t, name+"Response", m.response.Name())
		methods[name] = m
	}
	return methods
}

// do calls the method and returns a pointer to the response.
func (m method) do(t testing.TB, req reflect.Value, opts ...baas.CallOption) (any, error) {
	args := []reflect.Value{reflect.ValueOf(t.Context()), req}
	for _, opt := range opts {
		args = append(args, reflect.ValueOf(opt))
	}
	out := m.call.Call(args)
	err, _ := out[1].Interface().(error)
	return out[0].Interface(), err
}

// full is a request with a value of its own in every field.
func (m method) full() reflect.Value {
	req := reflect.New(m.request)
	for i := range m.request.NumField() {
		switch f := req.Elem().Field(i); f.Kind() {
		case reflect.Int:
			f.SetInt(int64(100 + i))
		default:
			f.SetString("value of " + m.request.Field(i).Name)
		}
	}
	return req
}

// A parameter is one of the documentation.
type parameter struct {
	name     string
	required bool
}

// documented lists the parameters of all actions.
func documented(t testing.TB) map[string][]parameter {
	t.Helper()
	f, err := os.Open(shared(t, "actions.tsv"))
	require.NoError(t, err)
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	rows, err := r.ReadAll()
	require.NoError(t, err)
	all := make(map[string][]parameter)
	for _, row := range rows[1:] {
		// The V2 twins take no region but one.
		isRegion := row[2] == "RegionId" && strings.HasSuffix(row[0], "V2")
		if row[1] == "request" && row[2] != "Action" && !isRegion {
			all[row[0]] = append(all[row[0]], parameter{row[2], row[4] == "yes"})
		}
	}
	return all
}

// undocumented are parameters that the English pages lack.
var undocumented = map[string][]string{
	"CreateAntChainAccountWithKeyPairAutoCreation": {"RecoverPassword"},
}

// goName is the name of a parameter's field: with Go's initialisms.
func goName(wire string) string {
	if name, ok := strings.CutSuffix(wire, "Id"); ok {
		return name + "ID"
	}
	return wire
}

func TestEveryActionHasAMethod(t *testing.T) {
	t.Parallel()
	client := newClient(t, answering(200, ""))
	methods := typedMethods(t, client)
	actions := documented(t)
	for action := range actions {
		require.Contains(t, methods, action)
	}
	for name := range methods {
		require.Contains(t, actions, name)
	}
	require.Len(t, methods, 22)
}

// TestParametersOnTheWire: what is sent are the parameters of the documentation,
// and a ValidationError names every field that is missing.
func TestParametersOnTheWire(t *testing.T) {
	t.Parallel()
	for action, params := range documented(t) {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			var form url.Values
			client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
				require.NoError(t, r.ParseForm())
				require.Equal(t, action, r.URL.Query().Get("Action"))
				form = r.PostForm
				return answering(400, `{"RequestId":"R","Code":"InvalidParameter","Message":"m"}`)(r)
			}))
			m := typedMethods(t, client)[action]
			req := m.full()
			_, err := m.do(t, req)
			require.Error(t, err)

			want := url.Values{}
			var required []string
			for _, p := range params {
				want.Set(p.name, fmt.Sprint(req.Elem().FieldByName(goName(p.name)).Interface()))
				if p.required {
					required = append(required, goName(p.name))
				}
			}
			for _, name := range undocumented[action] {
				want.Set(name, req.Elem().FieldByName(name).String())
			}
			require.Equal(t, want, form)

			requireFaults(t, m, reflect.New(m.request), required)
			requireFaults(t, m, reflect.Zero(reflect.PointerTo(m.request)), []string{"req"})
			bad := m.full()
			var notUTF8 []string
			for i := range m.request.NumField() {
				if f := bad.Elem().Field(i); f.Kind() == reflect.String {
					f.SetString("\xff")
					notUTF8 = append(notUTF8, m.request.Field(i).Name)
				}
			}
			requireFaults(t, m, bad, notUTF8)
		})
	}
}

// requireFaults asserts that a request is refused, and for which fields.
func requireFaults(t *testing.T, m method, req reflect.Value, want []string) {
	t.Helper()
	_, err := m.do(t, req)
	if len(want) == 0 {
		require.NotErrorIs(t, err, baas.ErrInvalidRequest)
		return
	}
	var v *baas.ValidationError
	require.ErrorAs(t, err, &v)
	require.Equal(t, m.name, v.Action)
	var fields []string
	for _, f := range v.Fields {
		fields = append(fields, f.Field)
	}
	require.ElementsMatch(t, want, fields)
}

// TestReadOnlyActions: what only reads is sent again with a fresh nonce, what
// changes something with the same bytes.
func TestReadOnlyActions(t *testing.T) {
	t.Parallel()
	for action, m := range typedMethods(t, newClient(t, answering(200, ""))) {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			var nonces []string
			client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
				nonces = append(nonces, r.URL.Query().Get("SignatureNonce"))
				return answering(500, "")(r)
			}), baas.WithRetryPolicy(baas.RetryPolicy{MaxAttempts: 2, MinDelay: 1}))
			_, err := typedMethods(t, client)[action].do(t, m.full())
			require.Len(t, nonces, 2)
			if readOnly := strings.HasPrefix(action, "Describe"); readOnly {
				require.NotEqual(t, nonces[0], nonces[1])
				require.ErrorIs(t, err, baas.ErrUnavailable)
			} else {
				require.Equal(t, nonces[0], nonces[1])
				require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
			}
			require.Contains(t, err.Error(), action)
		})
	}
}

// TestRegionOfUnknownActions: only the V2 twins that are known take no region.
func TestRegionOfUnknownActions(t *testing.T) {
	t.Parallel()
	regions := map[string]string{"CreateAntChainV2": "cn-shanghai", "FooV2": "cn-shanghai"}
	for action := range typedMethods(t, newClient(t, answering(200, ""))) {
		if regions[action] = "cn-shanghai"; strings.HasSuffix(action, "V2") {
			regions[action] = ""
		}
	}
	require.Greater(t, len(regions), 20)
	for action, want := range regions {
		var sent url.Values
		client := newClient(t, roundTripper(func(r *http.Request) (*http.Response, error) {
			require.NoError(t, r.ParseForm())
			sent = r.PostForm
			return answering(403, `{"RequestId":"R","Code":"Forbidden"}`)(r)
		}), baas.WithRegion("cn-shanghai"))
		require.ErrorIs(t, client.Do(t.Context(), baas.Operation{Action: action}, nil), baas.ErrForbidden)
		require.Equal(t, want, sent.Get("RegionId"), action)
	}
}
