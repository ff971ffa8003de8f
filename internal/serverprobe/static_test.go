package serverprobe_test

import (
	"errors"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"boxready/internal/serverprobe"
)

func asPasteError(err error, target **serverprobe.PasteError) bool { return errors.As(err, target) }

// reads are the only functions that the script may call. None of them writes to the portal, to its database or to a file.
var reads = []string{
	// PHP
	"function call_user_func", "function microtime", "function gmdate", "function round", "function json_encode", "function json_decode", "function chunk_split",
	"function base64_encode", "function str_repeat", "function error_get_last", "function substr", "function substr_count", "function preg_replace",
	"function preg_match", "function is_scalar", "function is_string", "function is_object", "function is_array", "function method_exists",
	"function class_exists", "function function_exists", "function defined", "function constant", "function strtotime", "function count", "function get_class",
	"function in_array", "function array_keys", "function array_values", "function array_unique", "function array_filter", "function array_merge",
	"function array_slice", "function reset", "function md5", "function ltrim", "function rtrim", "function trim", "function strpos", "function stripos",
	"function implode", "function parse_url", "function max", "function min", "function time", "function str_replace", "function strtolower", "function stream_socket_client", "function stream_context_create", "function stream_context_get_params",
	"function openssl_x509_export", "function fclose",
	// the product
	`static \Bitrix\Main\Config\Option::get`, `static \Bitrix\Main\Config\Configuration::getValue`,
	`static \Bitrix\Main\Application::getInstance`, `static \Bitrix\Main\Application::getConnection`, `static \Bitrix\Main\Loader::includeModule`,
	`static \Bitrix\Main\ModuleManager::getInstalledModules`, `static \Bitrix\Main\ModuleManager::getVersion`, `static \Bitrix\Main\ModuleManager::isModuleInstalled`,
	`static \Bitrix\Main\Context::getCurrent`, `static \Bitrix\Main\EventManager::getInstance`, `static \Bitrix\Rest\OAuthService::getRedirectUri`,
	`new \Bitrix\Main\Web\HttpClient`,
	"method query", "method fetch", "method isTableExists", "method getVersion", "method getType", "method getLicense", "method getRegion", "method getName",
	"method getExpireDate", "method getSupportExpireDate", "method isDemo", "method isTimeBound", "method getRequest", "method isHttps", "method findEventHandlers",
	"method setHeader", "method get", "method getStatus", "method getError", "method getMessage", "method format", "method getTimestamp",
	// the script's own closures
	"dynamic $call", "dynamic $print", "dynamic $text", "dynamic $day", "dynamic $seconds", "dynamic $option", "dynamic $constant", "dynamic $server", "dynamic $rows",
	"dynamic $has", "dynamic $part", "dynamic $collect", "dynamic $value", "dynamic $host", "dynamic $list", "dynamic $count", "dynamic $left", "dynamic $expired", "dynamic $connect", "dynamic $port",
	"dynamic $name", // in $call alone, see below
}

// guarded are the functions that may be passed to $call.
var guarded = []string{"gzencode", "hash", "register_shutdown_function", "set_error_handler", "restore_error_handler", "iconv", "stream_get_transports", "ini_get",
	"openssl_get_cert_locations", "is_readable", "filesize", "filemtime", "file_get_contents", "php_uname", "getenv", "gethostbynamel", "filter_var", "checkdnsrr",
	"disk_free_space", "date_default_timezone_get"}

// TestScriptWritesNothing goes through the script with PHP's own tokenizer: what isn't on the list fails.
func TestScriptWritesNothing(t *testing.T) {
	php := needs(t, "php")
	text, _ := script(t, serverprobe.PHP, serverprobe.Options{})
	command := exec.Command(php, "testdata/tokens.php")
	command.Stdin = strings.NewReader(text)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sql := regexp.MustCompile(`(?i)\b(SELECT|INSERT|UPDATE|DELETE|REPLACE|DROP|ALTER|TRUNCATE|CALL|LOCK)\b.*\b(FROM|INTO|SET|TABLE)\b`)
	statements, dynamic := 0, 0
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		what, quoted, _ := strings.Cut(line, " ")
		if what != "text" {
			if line == "dynamic $name" {
				dynamic++
			}
			if !slices.Contains(reads, line) {
				t.Errorf("the script may not call %q", line)
			}
			continue
		}
		if value := strings.Trim(quoted, `'"`); sql.MatchString(value) {
			statements++
			if !strings.HasPrefix(value, "SELECT ") || strings.Contains(value, ";") || strings.Contains(value, "INTO") || strings.Contains(value, "FOR UPDATE") {
				t.Errorf("the script asks the database %q", value)
			}
			for _, column := range []string{"CLIENT_SECRET", "APPLICATION_TOKEN", "PASSWORD", "SHARED_KEY"} {
				if strings.Contains(value, column) {
					t.Errorf("the script reads %s: %q", column, value)
				}
			}
		}
	}
	if statements < 7 {
		t.Errorf("%d statements found; the test looks for the wrong thing", statements)
	}
	if dynamic != 1 {
		t.Errorf("%d calls of a function by a name in a variable, one is in $call", dynamic)
	}
	calls := regexp.MustCompile(`\$call\((.)`).FindAllStringSubmatch(text, -1)
	for _, c := range calls {
		if c[1] != "'" {
			t.Errorf("$call is given %s", c[0])
		}
	}
	for _, m := range regexp.MustCompile(`\$call\('(\w+)'`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(guarded, m[1]) {
			t.Errorf("$call is given %s", m[1])
		}
	}
	for _, read := range []string{"service_client_secret", "update_site_proxy_pass", "getKey", "~sid", "signer_default_key"} {
		if strings.Contains(text, read) {
			t.Errorf("the script reads %s", read)
		}
	}
}

// TestLoadingWritesNothing does the same for what loads the product by the command line.
func TestLoadingWritesNothing(t *testing.T) {
	php := needs(t, "php")
	whole, _ := script(t, serverprobe.PHP, serverprobe.Options{Root: serverprobe.UsualRoot})
	loading, _, _ := strings.Cut(whole, "//title: BoxReady")
	command := exec.Command(php, "testdata/tokens.php")
	command.Stdin = strings.NewReader(loading)
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	may := []string{"function define", "function register_shutdown_function", "function is_file", "function function_exists", "function posix_geteuid", "function posix_setgid",
		"function posix_setuid", "function filegroup", "function fileowner", "word require"}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if !strings.HasPrefix(line, "text ") && !slices.Contains(may, line) {
			t.Errorf("loading may not %q", line)
		}
	}
	for _, constant := range []string{"NO_AGENT_CHECK", "NO_KEEP_STATISTIC", "DisableEventsCheck"} {
		if !strings.Contains(loading, constant) {
			t.Errorf("%s isn't set: the product would do its jobs", constant)
		}
	}
}
