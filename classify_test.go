package baas

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas/internal/atmostonce"
	"github.com/antchain-go/baas/internal/envelope"
)

const (
	quotedKey = `"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMII\n-----END ENCRYPTED PRIVATE KEY-----\n"`
	withKey   = `{"RequestId":"R","Result":{"PrivateKey":` + quotedKey + `}}`
)

// classified is what the table is to say of one reply.
type classified struct {
	name   string
	in     received
	event  atmostonce.Event
	reason Reason
}

var classifiedReplies = []classified{
	{"the key where the documents have it", received{status: 200, body: []byte(withKey)}, atmostonce.Answered, ReasonReplied},
	{"the key, flagged as a failure", received{status: 200, body: []byte(`{"Success":false,` + withKey[1:])}, atmostonce.Answered, ReasonSalvaged},
	{"the key, with status 500", received{status: 500, body: []byte(withKey)}, atmostonce.Answered, ReasonSalvaged},
	{"the key, cut off after it", received{status: 200, body: []byte(withKey[:len(withKey)-2]), cutOff: true}, atmostonce.Answered, ReasonSalvaged},
	{"the key, in a reply that is too large", received{status: 200, body: []byte(withKey), tooLarge: true}, atmostonce.Answered, ReasonSalvaged},
	{"the key beside Throttling", received{status: 400, body: []byte(`{"Code":"Throttling",` + withKey[1:])}, atmostonce.Answered, ReasonSalvaged},
	{"Throttling.User", received{status: 400, body: []byte(`{"RequestId":"R","Code":"Throttling.User"}`)}, atmostonce.Throttled, ReasonThrottled},
	{"Throttling, any status", received{status: 503, body: []byte(`{"RequestId":"R","Code":"Throttling"}`)}, atmostonce.Throttled, ReasonThrottled},
	{"Throttling without a request ID", received{status: 400, body: []byte(`{"Code":"Throttling"}`)}, atmostonce.Unrecognized, ReasonNoRequestID},
	{"a redirect", received{status: 307}, atmostonce.Unrecognized, ReasonRedirect},
	{"a redirect with a refusal's body", received{status: 302, body: []byte(`{"RequestId":"R","Code":"Forbidden"}`)}, atmostonce.Unrecognized, ReasonRedirect},
	{"status 500", received{status: 500}, atmostonce.ReplyLost, ReasonServerError},
	{"status 599 with a refusal's code", received{status: 599, body: []byte(`{"RequestId":"R","Code":"Forbidden"}`)}, atmostonce.ReplyLost, ReasonServerError},
	{"a code that blames the service, in a 400", received{status: 400, body: []byte(`{"RequestId":"R","Code":"ServerError"}`)}, atmostonce.ReplyLost, ReasonServerError},
	{"a code that blames the request, and one the service", received{status: 400, body: []byte(`{"RequestId":"R","Code":"InvalidParameter","ResultCode":"InternalError"}`)}, atmostonce.ReplyLost, ReasonServerError},
	{"HttpStatusCode 500 in a failure", received{status: 200, body: []byte(`{"RequestId":"R","Success":false,"HttpStatusCode":"500","Code":"NotFound"}`)}, atmostonce.ReplyLost, ReasonServerError},
	{"SignatureNonceUsed", received{status: 400, body: []byte(`{"RequestId":"R","Code":"SignatureNonceUsed"}`)}, atmostonce.NonceUsed, ReasonNonceUsed},
	{"SignatureNonceUsed as a code of WithRefusalCodes", received{status: 400, body: []byte(`{"RequestId":"R","Code":"SignatureNonceUsed"}`), refusalCodes: []string{"SignatureNonceUsed"}}, atmostonce.NonceUsed, ReasonNonceUsed},
	{"InvalidTimeStamp.Expired with a Date", received{status: 400, body: []byte(`{"RequestId":"R","Code":"InvalidTimeStamp.Expired"}`), tellsTime: true}, atmostonce.ClockOff, ReasonClockOff},
	{"InvalidTimeStamp.Expired without one", received{status: 400, body: []byte(`{"RequestId":"R","Code":"InvalidTimeStamp.Expired"}`)}, atmostonce.Refused, ReasonRefused},
	{"a refusal", received{status: 403, body: []byte(`{"RequestId":"R","Code":"Forbidden.RAM"}`)}, atmostonce.Refused, ReasonRefused},
	{"a refusal with the last of its statuses", received{status: 498, body: []byte(`{"RequestId":"R","Code":"Forbidden.RAM"}`)}, atmostonce.Refused, ReasonRefused},
	{"the key with the last of its statuses", received{status: 299, body: []byte(withKey)}, atmostonce.Answered, ReasonReplied},
	{"a redirect with the last of its statuses", received{status: 399}, atmostonce.Unrecognized, ReasonRedirect},
	{"a refusal in a 200", received{status: 200, body: []byte(`{"requestId":"R","successResponse":false,"code":"404"}`)}, atmostonce.Refused, ReasonRefused},
	{"a code of WithRefusalCodes", received{status: 400, body: []byte(`{"RequestId":"R","Code":"BizError"}`), refusalCodes: []string{"BizError"}}, atmostonce.Refused, ReasonRefused},
	{"a code of WithRefusalCodes that blames the service", received{status: 400, body: []byte(`{"RequestId":"R","Code":"SystemBusy"}`), refusalCodes: []string{"SystemBusy"}}, atmostonce.Refused, ReasonRefused},
	{"a code of WithRefusalCodes has to match exactly", received{status: 400, body: []byte(`{"RequestId":"R","Code":"BizError"}`), refusalCodes: []string{"bizerror", "Biz"}}, atmostonce.Unrecognized, ReasonUnrecognizedCode},
	{"a code that is in no list", received{status: 400, body: []byte(`{"RequestId":"R","Code":"EXCEPTION"}`)}, atmostonce.Unrecognized, ReasonUnrecognizedCode},
	{"HttpStatusCode 400 does not make a refusal", received{status: 200, body: []byte(`{"RequestId":"R","Success":false,"HttpStatusCode":"400","Code":"EXCEPTION"}`)}, atmostonce.Unrecognized, ReasonUnrecognizedCode},
	{"SignatureNonceUsed in data, below 400", received{status: 400, body: []byte(`{"successResponse":false,"requestId":"R","code":"400","data":{"Code":"SignatureNonceUsed"}}`)}, atmostonce.NonceUsed, ReasonNonceUsed},
	{"SignatureNonceUsed as a ResultCode", received{status: 200, body: []byte(`{"RequestId":"R","Success":false,"Code":"400","ResultCode":"SignatureNonceUsed"}`)}, atmostonce.NonceUsed, ReasonNonceUsed},
	{"SignatureNonceUsed below Throttling", received{status: 400, body: []byte(`{"RequestId":"R","Code":"Throttling","ResultCode":"SignatureNonceUsed"}`)}, atmostonce.NonceUsed, ReasonNonceUsed},
	{"SignatureNonceUsed behind 40 codes", received{status: 400, body: []byte(`{"RequestId":"R",` + strings.Repeat(`"Code":"NotFound",`, 40) + `"Code":"SignatureNonceUsed"}`)}, atmostonce.NonceUsed, ReasonNonceUsed},
	{"a code of the service behind 40 codes", received{status: 400, body: []byte(`{"RequestId":"R",` + strings.Repeat(`"Code":"NotFound",`, 40) + `"Code":"InternalError"}`)}, atmostonce.ReplyLost, ReasonServerError},
	{"InvalidTimeStamp.Expired below 400", received{status: 400, body: []byte(`{"RequestId":"R","Code":"400","ResultCode":"InvalidTimeStamp.Expired"}`), tellsTime: true}, atmostonce.ClockOff, ReasonClockOff},
	{"Throttling below 400", received{status: 400, body: []byte(`{"RequestId":"R","Code":"400","ResultCode":"Throttling.User"}`)}, atmostonce.Throttled, ReasonThrottled},
	{"Throttling, and a code of the service", received{status: 400, body: []byte(`{"RequestId":"R","Code":"Throttling","ResultCode":"InternalError"}`)}, atmostonce.ReplyLost, ReasonServerError},
	{"a code of the service, and Throttling", received{status: 200, body: []byte(`{"RequestId":"R","Success":false,"Code":"InternalError","ResultCode":"Throttling"}`)}, atmostonce.ReplyLost, ReasonServerError},
	{"Throttling, HttpStatusCode 503", received{status: 503, body: []byte(`{"RequestId":"R","HttpStatusCode":"503","Code":"Throttling"}`)}, atmostonce.Throttled, ReasonThrottled},
	{"Throttling.System", received{status: 400, body: []byte(`{"RequestId":"R","Code":"Throttling.System"}`)}, atmostonce.Throttled, ReasonThrottled},
	{"400 beside a code in no list", received{status: 200, body: []byte(`{"RequestId":"R","Success":false,"Code":"400","ResultCode":"EXCEPTION"}`)}, atmostonce.Unrecognized, ReasonUnrecognizedCode},
	{"408 with a refusal's JSON", received{status: 408, body: []byte(`{"RequestId":"R","Code":"RequestExpired"}`)}, atmostonce.ReplyLost, ReasonServerError},
	{"499 with a refusal's JSON", received{status: 499, body: []byte(`{"RequestId":"R","Code":"Forbidden.RAM"}`)}, atmostonce.ReplyLost, ReasonServerError},
	{"HttpStatusCode 408 in a failure", received{status: 200, body: []byte(`{"RequestId":"R","Success":false,"HttpStatusCode":"408","Code":"RequestExpired"}`)}, atmostonce.ReplyLost, ReasonServerError},
	{"a refusal without a flag in a 200", received{status: 200, body: []byte(`{"RequestId":"R","Code":"InvalidParameter","Result":""}`)}, atmostonce.Refused, ReasonRefused},
	{"a code in no list without a flag in a 200", received{status: 200, body: []byte(`{"RequestId":"R","Code":"EXCEPTION"}`)}, atmostonce.Unrecognized, ReasonUnrecognizedCode},
	{"a refusal flagged as a success", received{status: 200, body: []byte(`{"RequestId":"R","Success":true,"Code":"InvalidParameter"}`)}, atmostonce.Unrecognized, ReasonFailed},
	{"a refusal in data, flagged as a failure there", received{status: 200, body: []byte(`{"requestId":"R","successResponse":true,"code":"200","data":{"Success":false,"Code":"InvalidParameter"}}`)}, atmostonce.Refused, ReasonRefused},
	{"499 without a refusal's JSON", received{status: 499}, atmostonce.Unrecognized, ReasonNoBody},
	{"HttpStatusCode 400 in a 299", received{status: 299, body: []byte(`{"RequestId":"R","HttpStatusCode":"400"}`)}, atmostonce.Unrecognized, ReasonFailed},
	{"a failure without a code in a 404", received{status: 404, body: []byte(`{"RequestId":"R","Success":false}`)}, atmostonce.Unrecognized, ReasonFailed},
	{"a status without a code in a 404", received{status: 404, body: []byte(`{"RequestId":"R","HttpStatusCode":"404"}`)}, atmostonce.Unrecognized, ReasonUnexpectedStatus},
	{"the key beside a code of failure", received{status: 200, body: []byte(`{"Code":"SystemError",` + withKey[1:])}, atmostonce.Answered, ReasonSalvaged},
	{"the key beside a code of success", received{status: 200, body: []byte(`{"Code":"Success","ResultCode":"","HttpStatusCode":200,"Success":true,` + withKey[1:])}, atmostonce.Answered, ReasonReplied},
	{"the key, and a second Result", received{status: 200, body: []byte(withKey[:len(withKey)-1] + `,"data":{"Result":"fail"}}`)}, atmostonce.Answered, ReasonReplied},
	{"a Result without the key, and a second one", received{status: 200, body: []byte(`{"data":{"Result":{"PrivateKey":"****"}},` + withKey[1:])}, atmostonce.Answered, ReasonReplied},
	{"too large", received{status: 200, body: []byte(`{"a":"`), tooLarge: true}, atmostonce.Unrecognized, ReasonTooLarge},
	{"cut off without a key", received{status: 200, body: []byte(`{"RequestId":"R","Result":{"PrivateKey":"-----BEGIN`), cutOff: true}, atmostonce.ReplyLost, ReasonCutOff},
	{"a refusal that is cut off", received{status: 403, body: []byte(`{"RequestId":"R","Code":"Forbidden"`), cutOff: true}, atmostonce.ReplyLost, ReasonCutOff},
	{"a whole refusal, and the connection breaks", received{status: 403, body: []byte(`{"RequestId":"R","Code":"Forbidden"}`), cutOff: true}, atmostonce.ReplyLost, ReasonCutOff},
	{"408", received{status: 408}, atmostonce.ReplyLost, ReasonBusy},
	{"421", received{status: 421, body: []byte("<html>")}, atmostonce.ReplyLost, ReasonBusy},
	{"425", received{status: 425, body: []byte("{}")}, atmostonce.ReplyLost, ReasonBusy},
	{"429", received{status: 429, body: []byte("slow down")}, atmostonce.ReplyLost, ReasonBusy},
	{"429 with a code and no request ID", received{status: 429, body: []byte(`{"Code":"QuotaExceeded"}`)}, atmostonce.ReplyLost, ReasonBusy},
	{"429 with a refusal's JSON", received{status: 429, body: []byte(`{"RequestId":"R","Code":"QuotaExceeded"}`)}, atmostonce.Refused, ReasonRefused},
	{"403 with Code and Message and no RequestId", received{status: 403, body: []byte(`{"Code":"Forbidden","Message":"m"}`)}, atmostonce.Unrecognized, ReasonNoRequestID},
	{"a failure without a code", received{status: 200, body: []byte(`{"requestId":"R","successResponse":false}`)}, atmostonce.Unrecognized, ReasonFailed},
	{"a failure with a code of success", received{status: 200, body: []byte(`{"requestId":"R","successResponse":false,"code":"200"}`)}, atmostonce.Unrecognized, ReasonFailed},
	{"a failure in a 202", received{status: 202, body: []byte(`{"requestId":"R","successResponse":false,"code":"NotFound"}`)}, atmostonce.Unrecognized, ReasonFailed},
	{"nothing", received{status: 200}, atmostonce.Unrecognized, ReasonNoBody},
	{"a page", received{status: 200, body: []byte("<html>")}, atmostonce.Unrecognized, ReasonNotJSON},
	{"JSON and something else", received{status: 200, body: []byte(`{}{}`)}, atmostonce.Unrecognized, ReasonNotJSON},
	{"JSON with status 404", received{status: 404, body: []byte("{}")}, atmostonce.Unrecognized, ReasonUnexpectedStatus},
	{"JSON with status 299", received{status: 299, body: []byte("{}")}, atmostonce.Unrecognized, ReasonNoKey},
	{"a success without a key", received{status: 200, body: []byte(`{"RequestId":"R","Result":{}}`)}, atmostonce.Unrecognized, ReasonNoKey},
	{"a key without its last line", received{status: 200, body: []byte(`{"RequestId":"R","Result":{"PrivateKey":"-----BEGIN PRIVATE KEY-----"}}`)}, atmostonce.Unrecognized, ReasonNoKey},
}

// TestClassify: each reason is reached by a reply that names it.
func TestClassify(t *testing.T) {
	t.Parallel()
	reached := make(map[Reason]bool)
	for _, c := range classifiedReplies {
		v := classify(&applyWithKey.semantics, &c.in)
		require.Equal(t, c.reason, v.reason, c.name)
		require.Equal(t, c.event, v.event, c.name)
		require.Equal(t, v.event == atmostonce.Answered, v.result != nil, c.name)
		reached[v.reason] = true
	}
	plain := classify(&semantics{name: "A"}, &received{status: 200, body: []byte(`{"RequestId":"R"}`)})
	require.Equal(t, ReasonNoResult, plain.reason)
	reached[plain.reason] = true
	for _, row := range table {
		require.True(t, reached[row.reason], "%v is reached by no reply", row.reason)
	}
}

// TestClassifyOtherActions: what is handed over once, and what is not.
func TestClassifyOtherActions(t *testing.T) {
	t.Parallel()
	const result = `{"RequestId":"R","Result":{"Text":` + quotedKey + `}}`
	two := &semantics{name: "Two", keys: envelope.Keys{Names: []string{"A", "B"}}}
	for _, c := range []struct {
		name   string
		s      *semantics
		body   string
		status int
		want   Reason
	}{
		{"any action, a result", &semantics{name: "A"}, `{"RequestId":"R","Result":1}`, 200, ReasonReplied},
		{"an unknown action, a key in a failure", &semantics{name: "A", keys: envelope.Keys{Any: true}}, result, 500, ReasonSalvaged},
		{"an action that hands nothing over, a key in a failure", &semantics{name: "A"}, result, 500, ReasonServerError},
		{"a read-only action, a key in a failure", &semantics{name: "A", readOnly: true, keys: envelope.Keys{Any: true}}, result, 500, ReasonServerError},
		{"any action, a code of failure", &semantics{name: "A"}, `{"RequestId":"R","Code":"SystemError","Message":"boom","Result":"fail"}`, 200, ReasonServerError},
		{"any action, 500 as a code", &semantics{name: "A"}, `{"requestId":"R","code":"500","data":{"Result":"fail"}}`, 200, ReasonServerError},
		{"any action, a code that refuses", &semantics{name: "A"}, `{"RequestId":"R","Code":"InvalidParameter","Result":"fail"}`, 200, ReasonRefused},
		{"any action, a ResultCode that refuses", &semantics{name: "A"}, `{"RequestId":"R","Code":"OK","ResultCode":"InvalidParameter","Result":"fail"}`, 200, ReasonRefused},
		{"any action, a code in no list", &semantics{name: "A"}, `{"RequestId":"R","Code":"FAIL","Result":"fail"}`, 200, ReasonUnrecognizedCode},
		{"any action, a code and no request ID", &semantics{name: "A"}, `{"Code":"FAIL","Result":"fail"}`, 200, ReasonNoRequestID},
		{"any action, a code of failure flagged as a success", &semantics{name: "A"}, `{"RequestId":"R","Success":true,"Code":"InvalidParameter","Result":"fail"}`, 200, ReasonFailed},
		{"any action, HttpStatusCode 400", &semantics{name: "A"}, `{"RequestId":"R","HttpStatusCode":"400","Result":"fail"}`, 200, ReasonFailed},
		{"any action, codes of success", &semantics{name: "A"}, `{"RequestId":"R","HttpStatusCode":"200","Code":"OK","ResultCode":"Success","Success":true,"Result":"success"}`, 200, ReasonReplied},
		{"any action, code 200", &semantics{name: "A"}, `{"requestId":"R","successResponse":true,"code":"200","data":{"Result":"success"}}`, 200, ReasonReplied},
		{"any action, an empty code", &semantics{name: "A"}, `{"RequestId":"R","Code":"","Result":"success"}`, 200, ReasonReplied},
		{"an unknown action, the key beside a code of failure", &semantics{name: "A", keys: envelope.Keys{Any: true}}, `{"Code":"SystemError",` + result[1:], 200, ReasonSalvaged},
		{"two keys", two, `{"RequestId":"R","Result":{"A":` + quotedKey + `,"B":` + quotedKey + `}}`, 200, ReasonReplied},
		{"one of two keys", two, `{"RequestId":"R","Result":{"A":` + quotedKey + `}}`, 200, ReasonSalvaged},
		{"none of two keys", two, `{"RequestId":"R","Result":{}}`, 200, ReasonNoKey},
	} {
		v := classify(c.s, &received{status: c.status, body: []byte(c.body)})
		require.Equal(t, c.want, v.reason, c.name)
		require.Equal(t, v.event == atmostonce.Answered, v.result != nil, c.name)
	}
}

// TestClassifyDecisiveCode: the code that decides is the error's.
func TestClassifyDecisiveCode(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"SignatureNonceUsed", "Throttling.User", "InvalidTimeStamp.Expired"} {
		body := `{"requestId":"R","successResponse":false,"code":"400","data":{"Code":"` + code + `"}}`
		v := classify(&applyWithKey.semantics, &received{status: 200, body: []byte(body)})
		require.Equal(t, code, v.reply.Code)
	}
}

// TestSalvagedShape: of an unknown action, the caller's type fits the Result, not
// the object in it that has the key. Without a Result, and for a known action, it
// fits that object.
func TestSalvagedShape(t *testing.T) {
	t.Parallel()
	result := `{"Account":{"Name":"n","PrivateKey":` + quotedKey + `}}`
	in := received{status: 500, body: []byte(`{"RequestId":"R","Result":` + result + `}`)}
	v := classify(&semantics{name: "A", keys: envelope.Keys{Any: true}}, &in)
	require.Equal(t, ReasonSalvaged, v.reason)
	require.JSONEq(t, result, string(v.result))

	const object = `{"PrivateKey":` + quotedKey + `}`
	in.body = []byte(`{"RequestId":"R","model":` + object + `,"Result":{}}`)
	v = classify(&semantics{name: "A", keys: envelope.Keys{Any: true}}, &in)
	require.JSONEq(t, object, string(v.result))
	in.body = []byte(`{"RequestId":"R","Result":{"Certificate":` + object + `}}`)
	v = classify(&applyWithKey.semantics, &in)
	require.JSONEq(t, object, string(v.result))
}

// TestClassifyKinds: what the code and the status of a refusal stand for.
func TestClassifyKinds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code   string
		status int
		want   error
	}{
		{"Throttling.User", 503, ErrThrottled},
		{"Other", 499, nil},
		{"Other", 500, ErrUnavailable},
		{"Other", 501, ErrUnavailable},
		{"InternalError", 400, ErrUnavailable},
		{"InvalidAccessKeyId.NotFound", 404, ErrUnauthenticated},
		{"Other", 400, nil},
		{"Other", 401, ErrUnauthenticated},
		{"Other", 402, nil},
		{"NoPermission", 400, ErrForbidden},
		{"Other", 403, ErrForbidden},
		{"Other", 404, nil},
	} {
		require.Equal(t, c.want, kindOf(c.code, c.status), "%s, %d", c.code, c.status)
	}
}

// TestReasonsAreNamed: every reason stands in the documentation of errors.
func TestReasonsAreNamed(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("classify.go")
	require.NoError(t, err)
	names := regexp.MustCompile(`(?m)^\tReason(\w+) +Reason = "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	require.Greater(t, len(names), 20)
	for _, name := range names {
		require.True(t, strings.EqualFold(name[1], name[2]), name[0])
	}
}
