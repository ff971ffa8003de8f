{* {$b24->call('crm.lead.get')} *}
{assign var="deals" value=$b24->call('crm.deal.list')}
<p>It's { no code 'crm.lead.add' }</p>
{if $user}{$bitrix->call("tasks.task.get", ['id' => $id])}{/if}
<script>{literal}BX24.callMethod('crm.item.list', {id: 1});{/literal}</script>
