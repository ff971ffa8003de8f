<?php
// In place of the portal's scripts: passes every request on to the simulated portal.
$header = 'X-Forwarded-Proto: ' . $_SERVER['REQUEST_SCHEME'] . "\r\n";
foreach (getallheaders() as $name => $value) {
    $header .= "$name: $value\r\n";
}
$context = stream_context_create(['http' => [
    'method' => $_SERVER['REQUEST_METHOD'], 'header' => $header, 'content' => file_get_contents('php://input'),
    'ignore_errors' => true, 'follow_location' => 0,
]]);
$body = file_get_contents('http://127.0.0.1:8080' . $_SERVER['REQUEST_URI'], false, $context);
foreach ($http_response_header as $line) {
    if (!preg_match('/^(Server|Date|Content-Length|Connection|Transfer-Encoding):/i', $line)) {
        header($line, false);
    }
}
echo $body;
