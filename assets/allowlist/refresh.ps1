{{range .Comments}}# {{.}}
{{end}}
$ErrorActionPreference = 'Stop'
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
$urls = @({{range .URLs}}
    {{.}}{{end}}
)
$nodes = foreach ($url in $urls) {
    $answer = Invoke-WebRequest -Uri $url -UseBasicParsing -TimeoutSec 30 -MaximumRedirection 0
    if ($answer.StatusCode -ne 200 -or $answer.RawContentLength -gt 1048576) { throw 'no list of addresses, the old one stays' }
    $content = $answer.Content
    if ($content -is [byte[]]) { $content = [Text.Encoding]::UTF8.GetString($content) }
    $list = @(($content | ConvertFrom-Json).nodes)
    if ($list.Count -lt 1 -or $list.Count -gt 4096) { throw 'no list of addresses, the old one stays' }
    foreach ($node in $list) {
        $address, $length = ([string]$node).Trim() -split '/', 2
        $ip = [Net.IPAddress]::None
        if ($address -notmatch '^((0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}|[0-9A-Fa-f:]+:[0-9A-Fa-f:]*)$' -or -not [Net.IPAddress]::TryParse($address, [ref]$ip)) {
            throw 'not an address, the old list stays'
        }
        if ($ip.ToString() -match '{{.NeverPattern}}') { throw 'not an address of the internet, the old list stays' }
        if ($null -ne $length -and ($length -notmatch '^[0-9]{1,3}$' -or [int]$length -lt 16)) { throw 'not a network, the old list stays' }
        if ($null -eq $length) { $ip.ToString() } else { $ip.ToString() + '/' + [int]$length }
    }
}
Set-NetFirewallRule -Name 'boxready-nodes-tcp' -RemoteAddress @($nodes | Sort-Object -Unique)
