<?php $b24->call("crm.deal.newest");
