<?php
// Lists what a script calls, by PHP's own tokenizer, one thing a line: "function x", "static C::x", "method x", "new C",
// "dynamic $x", "text '…'" and the words that may change something by themselves.
$source = stream_get_contents(STDIN);
$tokens = array_values(array_filter(token_get_all(strncmp($source, '<?php', 5) === 0 ? $source : "<?php\n" . $source, TOKEN_PARSE), function ($t) {
	return !is_array($t) || !in_array($t[0], array(T_WHITESPACE, T_COMMENT, T_DOC_COMMENT));
}));
$kind = function ($i) use ($tokens) {
	return isset($tokens[$i]) ? (is_array($tokens[$i]) ? $tokens[$i][0] : $tokens[$i]) : null;
};
$text = function ($i) use ($tokens) {
	return isset($tokens[$i]) ? (is_array($tokens[$i]) ? $tokens[$i][1] : $tokens[$i]) : '';
};
$names = array(T_STRING, T_NAME_QUALIFIED, T_NAME_FULLY_QUALIFIED);
for ($i = 0; $i < count($tokens); $i++) {
	$called = $text($i + 1) === '(';
	$before = $kind($i - 1);
	switch (true) {
		case in_array($kind($i), $names) && $before === T_NEW:
			echo 'new ', $text($i), "\n";
			break;
		case in_array($kind($i), $names) && $called && $before === T_DOUBLE_COLON:
			echo 'static ', $text($i - 2), '::', $text($i), "\n";
			break;
		case in_array($kind($i), $names) && $called && $before === T_OBJECT_OPERATOR:
			echo 'method ', $text($i), "\n";
			break;
		case in_array($kind($i), $names) && $called:
			echo 'function ', $text($i), "\n";
			break;
		case $kind($i) === T_VARIABLE && $called:
			echo 'dynamic ', $text($i), "\n";
			break;
		case $text($i) === ')' && $called && $kind($i + 1) === '(' || $text($i) === ']' && $called:
			echo "dynamic other\n";
			break;
		case $kind($i) === T_VARIABLE && in_array($before, array(T_OBJECT_OPERATOR, T_DOUBLE_COLON, T_NEW)):
			echo 'dynamic member ', $text($i), "\n";
			break;
		case in_array($kind($i), array(T_INCLUDE, T_INCLUDE_ONCE, T_REQUIRE, T_REQUIRE_ONCE, T_EVAL, T_EXIT, T_GLOBAL, T_INLINE_HTML)) || $text($i) === '`':
			echo 'word ', $text($i), "\n";
			break;
		case $kind($i) === T_CONSTANT_ENCAPSED_STRING:
			echo 'text ', $text($i), "\n";
			break;
	}
}
