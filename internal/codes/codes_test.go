package codes

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBlame: the verdict that a careful engineer would give of a code.
func TestBlame(t *testing.T) {
	t.Parallel()
	for want, codes := range map[Blame][]string{
		Request: {
			// of the gateway
			"Throttling", "Throttling.User", "Throttling.Api", "InvalidTimeStamp.Expired", "InvalidTimeStamp.Format", "SignatureNonceUsed",
			"SignatureDoesNotMatch", "IncompleteSignature", "InvalidAccessKeyId.NotFound", "InvalidAccessKeyId.Inactive",
			"InvalidSecurityToken.Expired", "Forbidden", "Forbidden.RAM", "NoPermission", "MissingParameter", "MissingAntChainId",
			"InvalidParameter", "InvalidAction.NotFound", "UnsupportedHTTPMethod",
			// made up, in each style
			"ParamError", "PARAM_ERROR", "param.error", "CHAIN_NOT_EXIST", "Chain.NotExist", "chain-not-found", "AlreadyApplied",
			"QUOTA_EXCEEDED", "LimitExceeded", "PermissionDenied", "UNAUTHORIZED", "Account.Overdue", "CertExpired", "ACCOUNT_DISABLED",
			"DuplicateName", "IllegalArgument", "400", "404", "499",
		},
		Service: {
			"ServiceUnavailable", "InternalError", "ServerError", "SERVER_BUSY", "50001", "500", "599", "5000", "NETWORK_ERROR",
			"RequestTimeout", "UnknownError", "SYSTEM_ERROR", "BACKEND_FAIL", "Database.Error", "RPC_FAIL", "Processing", "timeout",
			"InvalidServerState", "DATABASE_NOT_FOUND",
		},
		Nobody: {
			"", "OssUploadFailed", "EXCEPTION", "Error", "FAIL", "BizError", "C", "300", "399", "600", "40001", "-1", "99", "5", "50", "59",
			"参数错误", "系统错误", "操作失败", "BIZ_1001", "E0001",
		},
	} {
		for _, code := range codes {
			require.Equal(t, want, BlameOf(code), "%q", code)
		}
	}
}

// TestSum: a refusal is believed only if a code blames the request and none the
// service.
func TestSum(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		all      []string
		status   string
		refusals []string
		want     Blame
	}{
		"no code":                              {nil, "", nil, Nobody},
		"one in no list":                       {[]string{"BizError"}, "", nil, Nobody},
		"one of the request":                   {[]string{"200", "NotFound"}, "", nil, Request},
		"one of each":                          {[]string{"NotFound", "SystemError"}, "", nil, Service},
		"one of each, the service's first":     {[]string{"SystemError", "NotFound"}, "", nil, Service},
		"one that is added":                    {[]string{"BizError"}, "", []string{"BizError"}, Request},
		"one that is added, against its words": {[]string{"SystemBusy"}, "", []string{"SystemBusy"}, Request},
		"one that is added, beside another's":  {[]string{"BizError", "SystemBusy"}, "", []string{"BizError"}, Service},
		"one that is added in another case":    {[]string{"bizError"}, "", []string{"BizError"}, Nobody},
		"a status of the service":              {[]string{"NotFound"}, "500", nil, Service},
		"a status of the request":              {[]string{"BizError"}, "400", nil, Nobody},
		"a status of success":                  {[]string{"NotFound"}, "200", nil, Request},
		"a status that is added":               {nil, "500", []string{"500"}, Service},
	} {
		require.Equal(t, tt.want, Sum(tt.all, tt.status, tt.refusals), name)
	}
}

// TestKinds: the beginnings of codes by which errors are told apart.
func TestKinds(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]struct{ throttling, timestamp, unauthenticated, forbidden bool }{
		"Throttling":                   {throttling: true},
		"Throttling.User":              {throttling: true},
		"NotThrottling":                {},
		TimestampExpired:               {timestamp: true},
		"InvalidTimeStamp.Format":      {timestamp: true},
		"InvalidAccessKeyId.NotFound":  {unauthenticated: true},
		"InvalidSecurityToken.Expired": {unauthenticated: true},
		"InvalidBearerToken.Expired":   {unauthenticated: true},
		"SignatureDoesNotMatch":        {unauthenticated: true},
		"IncompleteSignature":          {unauthenticated: true},
		NonceUsed:                      {},
		"Forbidden":                    {forbidden: true},
		"Forbidden.RAM":                {forbidden: true},
		"NoPermission":                 {forbidden: true},
		"forbidden":                    {},
	} {
		require.Equal(t, want.throttling, IsThrottling(code), code)
		require.Equal(t, want.timestamp, IsTimestamp(code), code)
		require.Equal(t, want.unauthenticated, IsUnauthenticated(code), code)
		require.Equal(t, want.forbidden, IsForbidden(code), code)
	}
}
