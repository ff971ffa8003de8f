<?php
switch (strtolower($event)) {
    case 'oncrmdealadd':
        break;
    case 'onTaskAdd':
        break;
}
$handlers = ['OnUserAdd' => 1];
