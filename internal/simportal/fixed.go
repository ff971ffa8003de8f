package simportal

import (
	"cmp"
	"net/http"
)

// fixedAnswer is an answer that depends on no request.
type fixedAnswer struct {
	status  int
	header  map[string]string // beside the usual ones
	body    string
	product bool // a page of the portal itself
}

const (
	typeHTML = "text/html; charset=UTF-8"
	typeJSON = "application/json"
)

// fixedAnswers are what a server or filter in front of PHP answers to every request (group "front"), and what answers under /rest/
// instead of the rest module (group "route"), by fault.
var fixedAnswers = map[string]fixedAnswer{
	"rest-server-error":        {status: http.StatusBadGateway, body: nginxPage("502 Bad Gateway", "")},
	"rest-server-error-empty":  {status: http.StatusInternalServerError},
	"rest-basic-auth":          {status: http.StatusUnauthorized, header: map[string]string{"WWW-Authenticate": `Basic realm="Staff only"`}, body: nginxPage("401 Authorization Required", "")},
	"rest-blocked":             {status: http.StatusForbidden, body: nginxPage("403 Forbidden", "")},
	"rest-blocked-modsecurity": {status: http.StatusNotAcceptable, header: map[string]string{"Server": "Apache"}, body: modSecurityPage},
	"rest-blocked-cloudflare":  {status: http.StatusForbidden, header: cloudflare, body: cloudflarePage},
	"browser-check-page": {status: http.StatusForbidden, header: map[string]string{"Server": "cloudflare", "CF-RAY": cloudflare["CF-RAY"], "Cf-Mitigated": "challenge"},
		body: challengePage},
	"edge-error":                {status: 526, header: cloudflare, body: "<html><head><title>portal.demo.example | 526: Invalid SSL certificate</title></head></html>"},
	"edge-error-timeout":        {status: 522, header: cloudflare, body: "<html><head><title>portal.demo.example | 522: Connection timed out</title></head></html>"},
	"proxy-wrong-scheme":        {status: http.StatusBadRequest, body: nginxPage("400 The plain HTTP request was sent to HTTPS port", "<center>The plain HTTP request was sent to HTTPS port</center>\r\n")},
	"proxy-wrong-scheme-apache": {status: http.StatusBadRequest, header: map[string]string{"Server": "Apache"}, body: apachePlainPage},
	"site-not-served":           {status: http.StatusNotFound, body: nginxPage("404 Not Found", "")},
	"rest-not-bitrix-api": {status: http.StatusNotFound, header: map[string]string{"Content-Type": typeJSON},
		body: `{"timestamp":"2026-01-01T00:00:00.000+00:00","status":404,"error":"Not Found","path":"/"}`},
	"rest-not-bitrix-identity": {status: http.StatusBadRequest, header: map[string]string{"Content-Type": typeJSON},
		body: `{"error":"invalid_request","error_description":"Missing parameter: client_id"}`},

	"rest-login-page-html":            {status: http.StatusOK, body: loginForm, product: true},
	"rest-not-found":                  {status: http.StatusNotFound, body: nginxPage("404 Not Found", "")},
	"rest-not-found-portal":           {status: http.StatusNotFound, body: notFoundPage, product: true},
	"rest-module-missing":             {status: http.StatusOK, product: true},
	"rest-not-bitrix":                 {status: http.StatusOK, body: otherProductPage},
	"rest-not-bitrix-json":            {status: http.StatusOK, header: map[string]string{"Content-Type": typeJSON}, body: `{"status":"ok","service":"inventory","version":"4.2"}`},
	"php-not-run":                     {status: http.StatusOK, header: map[string]string{"Content-Type": "application/octet-stream"}, body: phpSource},
	"php-script-refused":              {status: http.StatusNotFound, header: map[string]string{"X-Powered-By": "PHP/8.1"}, body: "No input file specified.\n"},
	"php-script-refused-denied":       {status: http.StatusForbidden, body: "Access denied.\n"},
	"php-script-refused-missing":      {status: http.StatusNotFound, body: "File not found.\n"},
	"rest-method-refused":             {status: http.StatusMethodNotAllowed, body: nginxPage("405 Not Allowed", "")},
	"rest-server-error-exception":     {status: http.StatusOK, body: exceptionText, product: true},
	"rest-server-error-exception-500": {status: http.StatusInternalServerError, body: exceptionText, product: true},
}

// sendFixed sends a fault's fixed answer. It reports whether there is one.
func (h *request) sendFixed(fault string) bool {
	a, ok := fixedAnswers[fault]
	if !ok {
		return false
	}
	if a.product {
		h.poweredByBitrix()
	}
	for name, value := range a.header {
		h.w.Header().Set(name, value)
	}
	h.send(a.status, cmp.Or(a.header["Content-Type"], typeHTML), []byte(a.body))
	return true
}

// cloudflare are headers of every answer that passes Cloudflare or is made there.
var cloudflare = map[string]string{"Server": "cloudflare", "CF-RAY": "8c0ffee0deadbeef-DME"}

const loginForm = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Authorization</title>
<style>body{font:15px sans-serif;max-width:22em;margin:4em auto;color:#333}label{display:block;margin:1em 0}input{font:inherit;padding:.4em}label input{display:block;width:100%;box-sizing:border-box;margin-top:.3em}small{color:#777}#wrong{color:#c00}</style></head>
<body class="login-page">
<form name="form_auth" method="post" target="_top" action="/auth/?login=yes">
<input type="hidden" name="AUTH_FORM" value="Y"><input type="hidden" name="TYPE" value="AUTH">
<label>Login <input type="text" name="USER_LOGIN" maxlength="255" autofocus></label>
<label>Password <input type="password" name="USER_PASSWORD" maxlength="255" autocomplete="off"></label>
<input type="submit" name="Login" value="Log in">
</form>
</body>
</html>
`

const notFoundPage = `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>404 Not Found</title></head>
<body><h1>Page not found</h1><p>Check the address.</p></body>
</html>
`

const otherProductPage = `<!DOCTYPE html>
<html lang="en"><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>
`

const modSecurityPage = `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">
<html><head><title>Not Acceptable!</title></head><body><h1>Not Acceptable!</h1><p>An appropriate representation of the requested resource could not be found on this server. This error was generated by Mod_Security.</p></body></html>
`

const cloudflarePage = `<!DOCTYPE html>
<html lang="en-US"><head><title>Attention Required! | Cloudflare</title></head>
<body><h1>Sorry, you have been blocked</h1><p>Cloudflare Ray ID: 8c0ffee0deadbeef</p></body></html>
`

const challengePage = `<!DOCTYPE html>
<html lang="en-US"><head><title>Just a moment...</title></head>
<body><noscript>Enable JavaScript and cookies to continue</noscript><script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script></body></html>
`

const apachePlainPage = `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">
<html><head><title>400 Bad Request</title></head><body><h1>Bad Request</h1><p>Your browser sent a request that this server could not understand.<br />
Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />
Instead use the HTTPS scheme to access this URL, please.<br /></p></body></html>
`

// sorryPage is what a proxy shows in place of the portal's errors.
const sorryPage = "<html><body>Sorry</body></html>"

// exceptionText is what the core prints when it dies of an exception.
const exceptionText = "A error occurred during execution of this script. You can turn on extended error reporting in .settings.php file."

const phpSource = "<?php\ninclude_once($_SERVER['DOCUMENT_ROOT'].'/bitrix/modules/main/include/urlrewrite.php');\n"

const phpNotice = "<br />\n<b>Warning</b>:  Undefined array key \"HTTP_ACCEPT_LANGUAGE\" in <b>/home/bitrix/www/bitrix/php_interface/init.php</b> on line <b>12</b><br />\n"
