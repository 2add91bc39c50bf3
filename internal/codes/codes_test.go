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
			"DuplicateName", "IllegalArgument", "400", "404", "407", "409", "498", "Throttling.System", "ThrottlingInternal",
			// names of parameters and things that hold a word of the service's
			"MissingStateOrProvinceName", "IllegalStateOrProvinceName", "ILLEGAL_STATE_OR_PROVINCE_NAME", "InvalidUploadReq",
			"IllegalStatement", "BlockNotFound", "BLOCKCHAIN_NOT_EXIST", "ClockInvalid", "InvalidProfile", "AcrossLimit",
			"CALL_TIMES_EXCEEDED", "InvalidTime", "DuplicateRequest", "DuplicateMonkey", "InvalidAccessKeyId", "KEY_NOT_FOUND",
			"InvalidStatus", "INVALID_ENTRY", "RateLimitExceeded",
		},
		Service: {
			"ServiceUnavailable", "InternalError", "ServerError", "SERVER_BUSY", "50001", "500", "599", "5000", "NETWORK_ERROR",
			"RequestTimeout", "UnknownError", "SYSTEM_ERROR", "BACKEND_FAIL", "Database.Error", "RPC_FAIL", "Processing", "timeout",
			"InvalidServerState", "DATABASE_NOT_FOUND",
			// time that ran out
			"DEADLINE_EXCEEDED", "DeadlineExceeded", "deadlineexceeded", "TimeLimitExceeded", "EXECUTION_TIME_EXCEEDED", "MaxRuntimeExceeded",
			"TIME_LIMIT", "LOCK_WAIT_TIME_EXCEEDED", "WaitExceeded", "RETRY_LIMIT_EXCEEDED", "MaxRetriesExceeded", "408", "499", "0408",
			// the program, its locks and its state
			"IllegalStateException", "ILLEGAL_STATE", "Illegal.State", "IllegalArgumentException", "FileNotFoundException",
			"LOCK_NOT_FOUND", "DbLockLimit", "DB_LOCK_LIMIT", "DeadLockLimit", "DEADLOCK_ALREADY", "MemoryLimitExceeded",
			"THREAD_LIMIT", "ConnectionLimitExceeded", "CACHE_NOT_FOUND",
			// its database and its storage
			"DuplicateKeyException", "DUPLICATE_KEY", "DuplicateEntry", "duplicate-record", "MYSQL_DUPLICATE",
			"OSS_BUCKET_NOT_EXIST", "BucketNotFound", "OSSObjectNotExist", "FILE_NOT_EXIST", "StorageDenied", "DISK_QUOTA_EXCEEDED",
			// what it has been told by others
			"InvalidResponse", "INVALID_REPLY", "IllegalResult", "UpstreamNotFound", "DownstreamDenied",
		},
		Nobody: {
			"", "OssUploadFailed", "EXCEPTION", "Error", "FAIL", "BizError", "C", "300", "399", "600", "40001", "-1", "99", "5", "50", "59",
			"Deadlock", "BadResponse", "NullPointerException", "TimeUp",
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
		http     int
	}{
		"no code":                              {nil, "", nil, Nobody, 0},
		"one in no list":                       {[]string{"BizError"}, "", nil, Nobody, 0},
		"one of the request":                   {[]string{"200", "NotFound"}, "", nil, Request, 0},
		"one of each":                          {[]string{"NotFound", "SystemError"}, "", nil, Service, 0},
		"one of each, the service's first":     {[]string{"SystemError", "NotFound"}, "", nil, Service, 0},
		"one that is added":                    {[]string{"BizError"}, "", []string{"BizError"}, Request, 0},
		"one that is added, against its words": {[]string{"SystemBusy"}, "", []string{"SystemBusy"}, Request, 0},
		"one that is added, beside another's":  {[]string{"BizError", "SystemBusy"}, "", []string{"BizError"}, Service, 0},
		"one that is added in another case":    {[]string{"bizError"}, "", []string{"BizError"}, Nobody, 0},
		"a status of the service":              {[]string{"NotFound"}, "500", nil, Service, 0},
		"a status of the request":              {[]string{"BizError"}, "400", nil, Nobody, 0},
		"a status of success":                  {[]string{"NotFound"}, "200", nil, Request, 0},
		"a status that is added":               {nil, "500", []string{"500"}, Service, 0},
		"a number of the request":              {[]string{"400"}, "", nil, Request, 0},
		"a number beside one in no list":       {[]string{"400", "BizError"}, "", nil, Nobody, 0},
		"a number beside another in no list":   {[]string{"400", "10001"}, "", nil, Request, 0},
		"a number beside one of the request":   {[]string{"400", "NotFound"}, "", nil, Request, 0},
		"a number that is added":               {[]string{"400", "BizError"}, "", []string{"400"}, Request, 0},
		"a number of the service beside words": {[]string{"NotFound", "500"}, "", nil, Service, 0},
		"one of flow control, one of service":  {[]string{"Throttling", "InternalError"}, "", nil, Service, 0},
		"a status of time that ran out":        {[]string{"NotFound"}, "408", nil, Service, 0},
		"HTTP 408":                             {[]string{"RequestExpired"}, "", nil, Service, 408},
		"HTTP 408, one that is added":          {[]string{"RequestExpired"}, "", []string{"RequestExpired"}, Service, 408},
		"HTTP 408, no code":                    {nil, "", nil, Nobody, 408},
		"HTTP 400":                             {[]string{"BizError"}, "", nil, Nobody, 400},
	} {
		require.Equal(t, tt.want, Sum(tt.all, tt.refusals, tt.status, tt.http), name)
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

// TestDecisive: the codes that the policy knows are found among others.
func TestDecisive(t *testing.T) {
	t.Parallel()
	for want, all := range map[string][]string{
		"400":             {"400", "NotFound"},
		NonceUsed:         {"400", "Throttling", TimestampExpired, NonceUsed},
		"Throttling.User": {"400", TimestampExpired, "Throttling.User"},
		TimestampExpired:  {"400", TimestampExpired},
	} {
		require.Equal(t, want, Decisive(all, "400"), "%q", all)
	}
}
