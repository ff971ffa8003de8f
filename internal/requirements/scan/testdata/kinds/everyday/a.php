<?php
const USERS = 'user.get';
$names = ['department.get', 'event.bind'];
$bind = $flag ? 'placement.bind' : null;
$x = 'user.update';
