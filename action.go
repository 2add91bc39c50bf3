package baas

import (
	"context"
	"reflect"
	"slices"

	"github.com/antchain-go/baas/internal/check"
	"github.com/antchain-go/baas/internal/envelope"
	"github.com/antchain-go/baas/internal/lenient"
	"github.com/antchain-go/baas/internal/params"
	"github.com/antchain-go/baas/internal/redact"
	"github.com/antchain-go/baas/internal/sign"
)

// semantics is what the policy, the classifier and the redaction know of an
// action.
type semantics struct {
	name     string
	readOnly bool          // repeating the call changes nothing
	domestic bool          // it takes no region but cn-hangzhou
	secrets  []string      // names of parameters that are never shown
	keys     envelope.Keys // members of the reply that are handed over once
}

// actions has the semantics of every action with a typed method, for Do. It is
// filled by define and not changed afterwards.
var actions = make(map[string]*semantics)

// An action is what there is to a typed method. Its parameters are the fields
// of Req, as package params reads them.
type action[Req, Res any] struct {
	semantics
	params params.Plan
	decode func(result []byte, res *Res) error // nil stands for lenient.Unmarshal
}

// define makes a descriptor and enters it into the table.
func define[Req, Res any](a action[Req, Res]) *action[Req, Res] {
	a.params = params.Of(reflect.TypeFor[Req]())
	a.secrets = append(a.secrets, a.params.Secrets()...)
	if a.decode == nil {
		a.decode = func(result []byte, res *Res) error { return lenient.Unmarshal(result, res) }
	}
	actions[a.name] = &a.semantics
	return &a
}

// defineReadOnly is define for an action that reads: repeating the call changes
// nothing.
func defineReadOnly[Req, Res any](name string) *action[Req, Res] {
	return define(action[Req, Res]{semantics: semantics{name: name, readOnly: true}})
}

// defineDomestic is defineReadOnly for a V2 twin, which takes no region but
// cn-hangzhou.
func defineDomestic[Req, Res any](name string) *action[Req, Res] {
	return define(action[Req, Res]{semantics: semantics{name: name, readOnly: true, domestic: true}})
}

// A reply is the answer to a typed call. The response types are the same struct
// under a name of their own.
type reply[Res any] struct {
	RequestID string `json:"RequestId"`
	Result    Res
}

// invoke makes a typed call.
func invoke[Req, Res any](ctx context.Context, c *Client, a *action[Req, Res], req *Req, opts []CallOption) (*reply[Res], error) {
	k := &call{}
	k.in = input{semantics: &a.semantics, params: k.usual[:0]}
	if req == nil {
		k.in.fault("req", "is nil")
	} else {
		a.encode(req, &k.in)
	}
	if err := k.begin(ctx, c, opts); err != nil {
		return nil, err
	}
	defer k.reply.Release()
	got, err := k.run()
	if err != nil {
		return nil, err
	}
	r := &reply[Res]{RequestID: got.requestID}
	if err := a.decode(got.result, &r.Result); err != nil {
		return nil, k.undecodable(got, err)
	}
	return r, nil
}

// encode turns the fields of req into parameters and names all that are at
// fault.
func (a *action[Req, Res]) encode(req *Req, in *input) {
	pairs, faults := a.params.Append(in.params, reflect.ValueOf(req).Elem())
	in.params = pairs
	for _, f := range faults {
		in.fault(f.Field, f.Reason)
	}
}

// semanticsOf is what is known of the action of op. Of one that the table does
// not have, op says whether it is read-only, and any private key in the reply
// counts as handed over once.
func semanticsOf(op *Operation) *semantics {
	if s := actions[op.Action]; s != nil {
		return s
	}
	return &semantics{name: op.Action, readOnly: op.ReadOnly, keys: envelope.Keys{Any: !op.ReadOnly}}
}

// input is what a call is made of.
type input struct {
	*semantics
	params  []sign.Pair
	secrets []string // names of params that are never shown, beside those of the action
	faults  []FieldError
}

// isSecret reports whether the value of a parameter is never shown.
func (in *input) isSecret(name string) bool {
	return slices.Contains(in.semantics.secrets, name) || slices.Contains(in.secrets, name) || redact.IsSecretName(name)
}

func (in *input) fault(field, reason string) {
	in.faults = append(in.faults, FieldError{field, reason})
}

const paramRegionID = "RegionId"

// addRegion adds the client's region, unless the call names one itself.
func (in *input) addRegion(region string) {
	if region == "" || in.domestic || slices.ContainsFunc(in.params, func(p sign.Pair) bool { return p.Name == paramRegionID }) {
		return
	}
	in.params = append(in.params, sign.Pair{Name: paramRegionID, Value: region})
}

// prepare checks op and copies what is needed of it.
func prepare(op *Operation) input {
	in := input{semantics: semanticsOf(op), secrets: op.Secrets}
	if !check.IsIdentifier(op.Action) {
		in.semantics = &semantics{name: "Do"} // for the error
		in.fault("Action", "is not the name of an action")
	}
	if op.ReadOnly && !in.readOnly {
		in.fault("ReadOnly", "is set, and "+op.Action+" changes something")
	}
	pairs, reasons := params.FromValues(op.Params)
	in.params = pairs
	for _, reason := range reasons {
		in.fault("Params", reason)
	}
	return in
}
