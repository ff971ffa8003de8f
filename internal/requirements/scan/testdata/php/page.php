<!DOCTYPE html>
<!-- BX24.callMethod('crm.quote.list') was here -->
<html>
<body data-about="It doesn't call crm.quote.get">
<h1>Don't panic: 'crm.quote.add' is a method</h1>
<?php if ($auth): /* 'crm.quote.update' */ ?>
  <p><?= $client->call('crm.type.list')['total'] ?></p>
<?php endif // 'crm.quote.delete' ?>
<button onclick="BX24.callMethod('crm.type.get', {id: 5}, show)">Type</button>
<script>
  const list = "placement.list"; // "placement.bind"
  BX24.callBatch({
    fields: ['crm.type.fields', {}],
    get: { method: 'placement.get', params: {} },
  }, done);
</script>
</body>
</html>
