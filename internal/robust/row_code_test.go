package robust

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/antchain-go/baas"
	"github.com/antchain-go/baas/baastest"
)

const message = "says the service"

// failures are the forms in which a code arrives.
var failures = map[string]struct {
	status int
	body   string
}{
	"with 400":                    {400, `{"RequestId":"R-1","HostId":"h","Code":%q,"Message":%q}`},
	"as a failure in a 200":       {200, `{"successResponse":false,"requestId":"R-1","code":%q,"message":%q}`},
	"as a failure of V2 in a 200": {200, `{"RequestId":"R-1","Success":false,"HttpStatusCode":"200","Code":%q,"Message":%q,"Result":{}}`},
}

// Codes by the verdict of a careful engineer who does not know the service.
var (
	// The service was at fault, and may have issued: the same bytes follow.
	serverCodes = []string{
		"ServerError", "SERVER_BUSY", "50001", "500", "503", "5000123", "NETWORK_ERROR", "NetworkException", "RpcError", "RPC_FAILED",
		"DATABASE_ERROR", "database.connection.lost", "BackendFailure", "Backend.Unreachable", "SYSTEM_ERROR", "SystemBusy",
		"UnknownError", "ServiceUnavailable", "InternalError", "internal_error", "RequestTimeout", "GATEWAY_TIMEOUT", "Timeout",
		"TaskProcessing", "PROCESSING", "serverError.retryLater",
		// A word for each side: the doubt stays.
		"InternalParameterError", "SystemParamInvalid", "SERVER_NOT_FOUND", "BackendQuotaExceeded",
		// Time that ran out, and things of the service's own.
		"DEADLINE_EXCEEDED", "DeadlineExceeded", "LOCK_WAIT_TIME_EXCEEDED", "TimeLimitExceeded", "408", "499", "IllegalStateException",
		"DuplicateKeyException", "FileNotFoundException", "OSS_BUCKET_NOT_EXIST", "InvalidResponse", "RETRY_LIMIT_EXCEEDED",
	}
	// Nobody outside the service knows: in doubt, and nothing follows.
	unknownCodes = []string{
		"OssUploadFailed", "EXCEPTION", "Exception", "FAIL", "Failed", "ERROR", "Error", "BizError", "CERT_SIGN_FAILED", "SignCertFail",
		"E1001", "10001", "200001", "99", "Pending", "chain.cert.fail", "CA_ERROR", "签发证书失败", "操作失败", "-1", "NullPointerException",
	}
	// The request was at fault: nothing was issued.
	requestCodes = []string{
		"InvalidParameter", "INVALID_PARAMETER", "invalid.parameter", "MissingParameter", "MissingPassword", "ParamError", "PARAM_ERROR",
		"IllegalArgument", "ILLEGAL_CHAIN_ID", "AntChainNotExist", "CHAIN_NOT_EXIST", "ConsortiumNotFound", "chain.not.found",
		"CertificateAlreadyExists", "CERT_ALREADY_APPLIED", "DuplicateApplication", "Forbidden", "Forbidden.RAM", "Forbidden.SubUser",
		"NoPermission", "NO_PERMISSION", "PermissionDenied", "ACCESS_DENIED", "Unauthorized", "UNAUTHORIZED_USER", "QuotaExceeded",
		"CERT_LIMIT_EXCEEDED", "LicenseExpired", "AccountOverdue", "Unsupported", "UNSUPPORTED_REGION", "FeatureDisabled",
		"MissingStateOrProvinceName", "BLOCKCHAIN_NOT_EXIST", "BlockNotFound",
		"400", "403", "404", "409", "SignatureDoesNotMatch", "IncompleteSignature", "InvalidAccessKeyId.NotFound",
		"InvalidAccessKeyId.Inactive", "InvalidSecurityToken.Expired", "InvalidSecurityToken.MalFormed", "InvalidTimeStamp.Format",
	}
)

// TestAfterIssuing: codes that the service sends after it has issued bring the
// call in doubt, with 400 or as a failure in a 200.
func TestAfterIssuing(t *testing.T) {
	forEachCode(t, serverCodes, func(t *testing.T, fault baastest.Fault, code string) {
		s := newScript(t, slices.Repeat([]baastest.Fault{fault}, 4)...)
		_, err := s.apply(t.Context())
		requireDoubt(t, err, code)
		s.requireSame(t, 4)
	})
}

// TestUnrecognizedCodes: what is in neither list is in doubt, and nothing
// follows.
func TestUnrecognizedCodes(t *testing.T) {
	forEachCode(t, unknownCodes, func(t *testing.T, fault baastest.Fault, code string) {
		s := newScript(t, slices.Repeat([]baastest.Fault{fault}, 4)...)
		_, err := s.apply(t.Context())
		requireDoubt(t, err, code)
		s.requireSame(t, 1)
	})
}

// TestRefusalCodes: what says that the request was at fault is believed.
func TestRefusalCodes(t *testing.T) {
	forEachCode(t, requestCodes, func(t *testing.T, fault baastest.Fault, code string) {
		s := newScript(t, fault)
		_, err := s.apply(t.Context())
		require.NotErrorIs(t, err, baas.ErrOutcomeUnknown)
		var refusal *baas.APIError
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, code, refusal.Code)
		require.Equal(t, message, refusal.Message)
		s.requireSame(t, 1)
	})
}

// TestRefusalCodesInDoubt: the first copy may have been carried out all the
// same.
func TestRefusalCodesInDoubt(t *testing.T) {
	forEachCode(t, requestCodes, func(t *testing.T, fault baastest.Fault, _ string) {
		s := newScript(t, baastest.DropBefore(), fault)
		_, err := s.apply(t.Context())
		require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
		s.requireSame(t, 2)
	})
}

func forEachCode(t *testing.T, codes []string, test func(t *testing.T, fault baastest.Fault, code string)) {
	for _, code := range codes {
		for how, f := range failures {
			t.Run(code+" "+how, func(t *testing.T) {
				test(t, answer(f.status, fmt.Sprintf(f.body, code, message)), code)
			})
		}
	}
}

// requireDoubt asserts that the outcome is unknown and that the reply's code
// and message are not lost.
func requireDoubt(t *testing.T, err error, code string) {
	t.Helper()
	require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
	require.Contains(t, err.Error(), message)
	var refusal *baas.APIError
	if errors.As(err, &refusal) {
		require.Equal(t, code, refusal.Code)
	} else {
		require.Contains(t, err.Error(), code)
	}
}

// TestThrottling: with any status nothing was carried out.
func TestThrottling(t *testing.T) {
	for _, code := range []string{"Throttling", "Throttling.User", "Throttling.Api"} {
		for _, status := range []int{400, 403, 429, 500, 503} {
			t.Run(fmt.Sprint(code, " with ", status), func(t *testing.T) {
				s := newScript(t, baastest.Refuse(status, code, "Request was denied due to flow control."), success())
				_, err := s.apply(t.Context())
				require.NoError(t, err)
				nonces := s.nonces()
				require.Len(t, nonces, 2)
				require.NotEqual(t, nonces[0], nonces[1])
			})
		}
	}
}

// loadBalancerBodies are what comes without a refusal's JSON.
var loadBalancerBodies = map[string]string{
	"without a body": "", "with a page": "<html>try again</html>", "with text": "try again", "with JSON that says nothing": "{}",
}

// Test408And421And425And429WithoutJSON: the same bytes follow.
func Test408And421And425And429WithoutJSON(t *testing.T) {
	for _, status := range []int{408, 421, 425, 429} {
		for how, body := range loadBalancerBodies {
			t.Run(fmt.Sprint(status, " ", how), func(t *testing.T) {
				s := newScript(t, answer(status, body), success())
				_, err := s.apply(t.Context())
				require.NoError(t, err)
				s.requireSame(t, 2)
			})
			t.Run(fmt.Sprint(status, " ", how, ", in doubt"), func(t *testing.T) {
				s := newScript(t, baastest.DropBefore(), answer(status, body), success())
				_, err := s.apply(t.Context())
				require.NoError(t, err)
				s.requireSame(t, 3)
			})
			t.Run(fmt.Sprint(status, " ", how, ", until the end"), func(t *testing.T) {
				s := newScript(t, slices.Repeat([]baastest.Fault{answer(status, body)}, 4)...)
				_, err := s.apply(t.Context())
				require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
				s.requireSame(t, 4)
			})
		}
	}
}

// TestOther4xxWithoutJSON: in doubt, and nothing follows.
func TestOther4xxWithoutJSON(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 405, 407, 409, 410, 413, 414, 418, 422, 431, 451, 499} {
		for how, body := range loadBalancerBodies {
			t.Run(fmt.Sprint(status, " ", how), func(t *testing.T) {
				s := newScript(t, answer(status, body))
				_, err := s.apply(t.Context())
				require.ErrorIs(t, err, baas.ErrOutcomeUnknown)
				s.requireSame(t, 1)
			})
		}
	}
}
