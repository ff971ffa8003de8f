package bitrix

import "strings"

// Codes that the program branches on: the value of the JSON field "error",
// spelt as it is sent. Compare them with SameCode, because letter case differs
// between the portal, the authorization server and versions of both.
const (
	// Sent by the portal when it authenticates the caller.

	CodeNoAuthFound             = "NO_AUTH_FOUND"         // no credentials seen, or none understood
	CodeInvalidCredentials      = "INVALID_CREDENTIALS"   // #nosec G101 -- an incoming webhook's user or code is wrong
	CodeInvalidRequest          = "INVALID_REQUEST"       // portal: https required; authorization server: malformed
	CodeExpiredToken            = "expired_token"         // access token older than its hour
	CodeInvalidToken            = "invalid_token"         // authorization server does not know the token
	CodeInsufficientScope       = "insufficient_scope"    // the scope of the method was not granted
	CodeVerificationNeeded      = "verification_needed"   // authorization server refused the licence
	CodeConnectionError         = "CONNECTION_ERROR"      // portal got no usable answer from the authorization server
	CodeApplicationNotFound     = "APPLICATION_NOT_FOUND" // token's application is absent or inactive on the portal
	CodeOAuth                   = "ERROR_OAUTH"           // application not installed; also a full disk quota
	CodeAuthorizationError      = "authorization_error"   // token's user cannot be signed in
	CodeUserAccessError         = "user_access_error"     // application is not open to this user
	CodeAccessDenied            = "ACCESS_DENIED"         // plan, user's rights or kind of credentials; see the description
	CodeSessionFailed           = "session_failed"        // browser-session call with a wrong check value
	CodeLicenseScanner          = "PORTAL_BLOCKED_BY_LICENSE_SCANNER"
	CodePaymentRequired         = "PAYMENT_REQUIRED"           // paid or trial period ended
	CodePortalDeleted           = "PORTAL_DELETED"             // public part of the site is closed
	CodeAllowedOnlyIntranetUser = "ALLOWED_ONLY_INTRANET_USER" // user is not staff

	// Sent by the portal when it looks up the method.

	CodeMethodNotFound        = "ERROR_METHOD_NOT_FOUND"         // decided before credentials are looked at
	CodeEventNotFound         = "ERROR_EVENT_NOT_FOUND"          // no such event on this portal
	CodeWrongAuthType         = "WRONG_AUTH_TYPE"                // method refuses this kind of credentials
	CodeWrongLicense          = "WRONG_LICENSE"                  // feature not in the licence
	CodeMethodConfirmWaiting  = "METHOD_CONFIRM_WAITING"         // administrator has yet to confirm the call
	CodeMethodConfirmDenied   = "METHOD_CONFIRM_DENIED"          // administrator refused the call
	CodeBatchLengthExceeded   = "ERROR_BATCH_LENGTH_EXCEEDED"    // more than 50 commands
	CodeBatchMethodNotAllowed = "ERROR_BATCH_METHOD_NOT_ALLOWED" // method may not be called in a batch
	CodeArgument              = "ERROR_ARGUMENT"                 // an argument is wrong
	CodeNotFound              = "ERROR_NOT_FOUND"                // object not found

	// Limits.

	CodeQueryLimitExceeded = "QUERY_LIMIT_EXCEEDED" // a self-hosted portal has no such limit by default
	CodeOperationTimeLimit = "OPERATION_TIME_LIMIT" // method used up its time budget
	CodeOverloadLimit      = "OVERLOAD_LIMIT"       // REST blocked by an administrator because of load

	// Failures inside the portal.

	CodeCore                      = "ERROR_CORE" // with "No client credentials": the portal is not registered
	CodeInternalServerError       = "INTERNAL_SERVER_ERROR"
	CodeUnexpectedAnswer          = "ERROR_UNEXPECTED_ANSWER"
	CodeWrongEncoding             = "WRONG_ENCODING"
	CodeInternalWrongTransport    = "INTERNAL_WRONG_TRANSPORT"
	CodeInternalWrongHandlerClass = "INTERNAL_WRONG_HANDLER_CLASS"

	// Sent by the authorization server, some of them relayed by the portal.

	CodeInvalidClient          = "invalid_client"           // unknown application, wrong secret, or not installed
	CodeInvalidGrant           = "invalid_grant"            // code or refresh token wrong or too old
	CodeInvalidScope           = "invalid_scope"            // more scopes asked than the application has
	CodeUnauthorizedClient     = "unauthorized_client"      // application may not use this kind of grant
	CodeWrongClient            = "WRONG_CLIENT"             // application refused on refresh; the grant is dead
	CodeWrongApplicationClient = "WRONG_APPLICATION_CLIENT" // application's data cannot be read
	CodeNotInstalled           = "NOT_INSTALLED"            // application not installed on the portal
)

// SameCode reports whether two values of the field "error" are the same code.
// Letter case does not matter, nor do the spellings of REST 3.0 codes.
func SameCode(a, b string) bool {
	return sameTrimmed(strings.TrimSpace(a), strings.TrimSpace(b))
}

// sameTrimmed is SameCode for codes without white space around them.
func sameTrimmed(a, b string) bool {
	return strings.EqualFold(a, b) || isV3(a) && isV3(b) && foldCode(a) == foldCode(b)
}

func isV3(code string) bool {
	const begin = "BITRIX_REST_V3_"
	return len(code) >= len(begin) && strings.EqualFold(code[:len(begin)], begin)
}

func foldCode(code string) string {
	if class, ok := V3Class(code); ok {
		return v3 + class
	}
	return strings.ToUpper(strings.TrimSpace(code))
}

// V3Class returns the class of a REST 3.0 code, in upper case and without "EXCEPTION" at its end.
// The vendor renamed the prefix BITRIX_REST_V3_EXCEPTIONS_ to
// BITRIX_REST_V3_EXCEPTION_ between rest 25.800.0 and 25.1300.0.
// Between them and the class a namespace may stand.
func V3Class(code string) (class string, ok bool) {
	code = strings.ToUpper(strings.TrimSpace(code))
	rest, ok := strings.CutPrefix(code, "BITRIX_REST_V3_EXCEPTIONS_")
	if !ok {
		if rest, ok = strings.CutPrefix(code, v3); !ok {
			return "", false
		}
	}
	return strings.TrimSuffix(rest[strings.LastIndexByte(rest, '_')+1:], "EXCEPTION"), true
}
