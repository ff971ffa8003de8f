#!/bin/sh
# BoxReady checks the network connections that REST applications need, from the portal's own server. It changes nothing and writes
# no files: it resolves names and sends each host one request without credentials, and the portal's own address nothing. It ends
# within two minutes. Paste its whole output into BoxReady.
LC_ALL=C
export LC_ALL
servers='{{range $i, $s := .Servers}}{{if $i}} {{end}}{{$s}}{{end}}'
others='{{range $i, $s := .Others}}{{if $i}} {{end}}{{$s}}{{end}}'

has() { command -v "$1" >/dev/null 2>&1; }

# quote prints the first 400 bytes of a text as a JSON string.
quote() { printf '"%s"' "$(printf '%s' "$1" | tr -d '\000-\037\177-\377' | cut -c1-400 | sed 's/\\/\\\\/g; s/"/\\"/g')"; }

# with_timeout runs a command for at most ten seconds.
with_timeout() { if has timeout; then timeout 10 "$@"; else "$@"; fi; }

# own_address connects to the portal's own address without sending anything, and leaves the object open. The certificate is verified
# by openssl with the system's store; PHP's may differ.
own_address() {
	resolve "$1"
	if has openssl; then
		said=$(with_timeout openssl s_client -connect "$name:$port" -servername "$name" -verify_hostname "$name" </dev/null 2>&1)
		case $said in
		*CONNECTED*) printf ',"tcp":"ok"' ;;
		*) printf ',"tcp":"failed","tcp_error":%s' "$(quote "$(printf '%s' "$said" | head -n 1)")" ;;
		esac
		verified=$(printf '%s' "$said" | sed -n 's/^ *Verif[a-z]* return code: *//p' | head -n 1)
		case $said in
		*CONNECTED*"Cipher is (NONE)"*) printf ',"tls":"failed","tls_error":"no encryption"' ;;
		*CONNECTED*) if [ "${verified%% *}" = 0 ]; then printf ',"tls":"ok"'; else printf ',"tls":"failed","tls_error":%s' "$(quote "$verified")"; fi ;;
		esac
	fi
	printf '}'
}

# resolve takes a host's address apart into name and port, and prints the beginning of its object with what DNS says.
resolve() {
	address=${1#https://}
	name=${address%%[:/]*}
	port=443
	case $address in *:*) port=${address##*:} ;; esac
	printf '{"host":%s,"port":%s' "$(quote "$name")" "$port"
	if has getent; then
		found=$(getent ahostsv4 "$name" 2>/dev/null | awk '{print $1}' | sort -u | head -n 8)
		if [ -n "$found" ]; then printf ',"dns":"ok","addresses":['; else printf ',"dns":"failed","addresses":['; fi
		comma=
		for ip in $found; do
			printf '%s"%s"' "$comma" "$ip"
			comma=,
		done
		printf ']'
	fi
}

# probe_host probes a host; the body of the answer is kept for authorization servers only.
probe_host() {
	resolve "$1"
	if has curl; then
		# The product itself ignores the proxy in the environment.
		if [ "$2" = token ]; then
			answer=$(curl -s --noproxy '*' --connect-timeout 5 --max-time 8 -A BoxReady -w '\n%{http_code} %{time_total}' "$1/oauth/token/" 2>/dev/null)
		else
			answer=$(curl -s --noproxy '*' --connect-timeout 5 --max-time 8 -A BoxReady -o /dev/null -w '\n%{http_code} %{time_total}' "$1/" 2>/dev/null)
		fi
		code=$?
		numbers=$(printf '%s' "$answer" | tail -n 1)
		status=$(printf '%s' "${numbers%% *}" | sed 's/^0*//')
		took=$(printf '%s' "${numbers##* }" | tr ',' '.' | awk '{printf "%d", $1 * 1000}')
		printf ',"curl":%s,"http":{"status":%s,"took_ms":%s,"body":%s}' "$code" "${status:-0}" "${took:-0}" "$(quote "$(printf '%s' "$answer" | sed '$d')")"
	fi
	if [ "$2" = token ] && has openssl; then
		printf ',"chain":['
		with_timeout openssl s_client -connect "$name:$port" -servername "$name" -showcerts </dev/null 2>/dev/null |
			awk '/-----BEGIN CERT/ {inside = 1; if (n++ < 6) printf "%s\"", (n > 1 ? "," : ""); next}
				/-----END CERT/ {inside = 0; if (n <= 6) printf "\""; next}
				inside && n <= 6 {printf "%s", $0}'
		printf ']'
	fi
	printf '}'
}

json=$(
	printf '{"kind":"sh","nonce":"%s","asked":"%s","time":"%s","failed":{},"hosts":[' '{{.Nonce}}' '{{.Portal}}' "$(date -u +%Y-%m-%dT%H:%M:%SZ)"
	comma=
	for url in $servers; do
		printf '%s' "$comma"
		probe_host "$url" token
		comma=,
	done
	for url in $others; do
		printf '%s' "$comma"
		probe_host "$url"
		comma=,
	done
	printf ']'
	if [ -n '{{.Portal}}' ]; then
		printf ',"self":'
		own_address '{{.Portal}}'
	fi
	printf ',"network":{"system":%s,"curl":%s,"openssl":%s,"proxy_environment":%s}}' "$(quote "$(uname -sr)")" \
		"$(quote "$(curl --version 2>/dev/null | head -n 1)")" "$(quote "$(openssl version 2>/dev/null)")" \
		"$(if [ -n "${https_proxy:-}${HTTPS_PROXY:-}" ]; then echo true; else echo false; fi)"
)
sum() {
	if has sha256sum; then sha256sum; elif has shasum; then shasum -a 256; elif has openssl; then openssl dgst -sha256 -r; fi | sed 's/ .*//'
}
encode() { if has base64; then base64; else openssl base64; fi; }
printf '\nBOXREADY-PROBE-%s\n' BEGIN
if has gzip; then
	printf 'v:1;packed:gzip;sha256:%s;data:\n' "$(printf '%s' "$json" | sum)"
	printf '%s' "$json" | gzip -9 -c | encode
else
	printf 'v:1;packed:no;sha256:%s;data:\n' "$(printf '%s' "$json" | sum)"
	printf '%s' "$json" | encode
fi
printf ';\nBOXREADY-PROBE-%s\n\n' END
