# BoxReady checks the network connections that REST applications need, from the portal's own server. It changes nothing and writes
# no files: it resolves names and sends each host one request without credentials, and the portal's own address nothing. It ends
# within two minutes. Paste its whole output into BoxReady. For Windows PowerShell 5.1 and PowerShell 7.
& {
	$ErrorActionPreference = 'Stop'
	$servers = @({{range $i, $s := .Servers}}{{if $i}}, {{end}}'{{$s}}'{{end}})
	$others = @({{range $i, $s := .Others}}{{if $i}}, {{end}}'{{$s}}'{{end}})
	$short = { param($s) $s = "$s" -replace '[^\x20-\x7E]+', ' '; if ($s.Length -gt 400) { $s.Substring(0, 400) } else { $s } }

	# A connection, or an exception after four seconds.
	$connect = {
		param($name, $port)
		$client = New-Object Net.Sockets.TcpClient
		$waiting = $client.BeginConnect($name, $port, $null, $null)
		if (-not $waiting.AsyncWaitHandle.WaitOne(4000)) { $client.Close(); throw 'timeout' }
		$client.EndConnect($waiting)
		$client.ReceiveTimeout = 5000
		$client.SendTimeout = 5000
		$client
	}

	$probe = {
		param($url, $path)
		$at = [Uri]$url
		$entry = @{ host = $at.Host; port = $at.Port }
		try {
			$found = @([Net.Dns]::GetHostAddresses($at.Host) | Where-Object { $_.AddressFamily -eq 'InterNetwork' } | Select-Object -First 8)
			$entry.addresses = @($found | ForEach-Object { $_.ToString() })
			$entry.dns = 'ok'
		} catch {
			$entry.dns = 'failed'
			return $entry
		}
		$client = $null
		try {
			$client = & $connect $at.Host $at.Port
			$entry.tcp = 'ok'
		} catch {
			$entry.tcp = 'failed'
			$entry.tcp_error = & $short $_.Exception.Message
			return $entry
		}
		try {
			# The certificates are read even if Windows rejects them; nothing is sent over such a connection.
			$seen = @{ chain = @(); errors = 'None' }
			$validate = [Net.Security.RemoteCertificateValidationCallback] {
				param($sender, $certificate, $chain, $errors)
				$seen.errors = "$errors"
				$seen.chain = @($chain.ChainElements | Select-Object -First 6 | ForEach-Object { [Convert]::ToBase64String($_.Certificate.RawData) })
				$true
			}.GetNewClosure()
			$secure = New-Object Net.Security.SslStream($client.GetStream(), $false, $validate)
			$secure.AuthenticateAsClient($at.Host, $null, [Security.Authentication.SslProtocols]'Tls12', $false)
			$entry.chain = @($seen.chain)
			if ($seen.errors -ne 'None') {
				$entry.tls = 'failed'
				$entry.tls_error = & $short $seen.errors
				return $entry
			}
			$entry.tls = 'ok'
			if (-not $path) { return $entry } # nothing is sent to the portal itself
			$request = [Text.Encoding]::ASCII.GetBytes("GET $path HTTP/1.0`r`nHost: $($at.Authority)`r`nUser-Agent: BoxReady`r`nConnection: close`r`n`r`n")
			$watch = [Diagnostics.Stopwatch]::StartNew()
			$secure.Write($request, 0, $request.Length)
			$buffer = New-Object byte[] 8192
			$answer = ''
			while ($answer.Length -lt 8192 -and ($n = $secure.Read($buffer, 0, $buffer.Length)) -gt 0) { $answer += [Text.Encoding]::ASCII.GetString($buffer, 0, $n) }
			$status = if ($answer -match '^HTTP/\S+ (\d{3})') { [int]$Matches[1] } else { 0 }
			$start = $answer.IndexOf("`r`n`r`n")
			$body = if ($start -ge 0 -and $path -ne '/') { & $short $answer.Substring($start + 4) } else { '' }
			$entry.http = @{ status = $status; took_ms = [int]$watch.ElapsedMilliseconds; body = $body }
		} catch {
			if (-not $entry.ContainsKey('tls')) { $entry.tls = 'failed'; $entry.tls_error = & $short $_.Exception.Message } else { $entry.http = @{ status = 0; failure = & $short $_.Exception.Message } }
		} finally {
			$client.Close()
		}
		$entry
	}

	$hosts = @()
	foreach ($url in $servers) { $hosts += & $probe $url '/oauth/token/' }
	foreach ($url in $others) { $hosts += & $probe $url '/' }
	$answer = @{
		kind = 'powershell'; nonce = '{{.Nonce}}'; asked = '{{.Portal}}'; failed = @{}; hosts = $hosts
		time = [DateTime]::UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", [Globalization.CultureInfo]::InvariantCulture)
		network = @{ system = & $short ([Environment]::OSVersion.VersionString); proxy_environment = [bool]$env:HTTPS_PROXY }
	}
	if ('{{.Portal}}') { $answer.self = & $probe 'https://{{.Portal}}' '' }
	$json = [Text.Encoding]::UTF8.GetBytes(($answer | ConvertTo-Json -Depth 6 -Compress))
	$sum = -join ([Security.Cryptography.SHA256]::Create().ComputeHash($json) | ForEach-Object { $_.ToString('x2') })
	$memory = New-Object IO.MemoryStream
	$gzip = New-Object IO.Compression.GZipStream($memory, [IO.Compression.CompressionMode]::Compress)
	$gzip.Write($json, 0, $json.Length)
	$gzip.Close()
	"`nBOXREADY-PROBE-" + 'BEGIN'
	"v:1;packed:gzip;sha256:$sum;data:"
	[Convert]::ToBase64String($memory.ToArray(), 'InsertLineBreaks')
	";`nBOXREADY-PROBE-" + "END`n"
}
