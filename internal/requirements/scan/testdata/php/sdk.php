<?php
use Bitrix24\SDK\Services\ServiceBuilder;

class Sync
{
    private $contacts;

    public function __construct(private ServiceBuilder $b24)
    {
        $this->contacts = $this->b24->getCRMScope()->contact();
    }

    public function run(): void
    {
        $crm = $this->b24->getCRMScope();
        foreach ($crm->item()->list(['id' => 'ASC'], ['>id' => 0], ['id'])->getItems() as $item) {
            $this->contacts->update($item->id, ['NAME' => trim($item->name)]);
        }
        foreach ($this->b24->getCRMScope()->deal()->batch->add($this->deals()) as $added) {
            echo $added->getId();
        }
        $count = $this->b24->getCRMScope()->lead()->countByFilter(['STATUS_ID' => 'NEW']);
        $this->b24->getCRMScope()->dealContact()->itemsGet(7);
        $this->b24->getCRMScope()->dealProductRows()->set(7, []);
        $task = $this->b24->getTaskScope()->task()->get(1);
        $me = $this->b24->getUserScope()->user()->current();
        $this->b24->getSaleScope()->basketItem()->add([]);
        $this->b24->core->call('crm.timeline.comment.add', ['fields' => []]);
        $this->b24->getIMScope()->notify()->fromSystem(1, 'text');
        $repository->deal()->delete(5);
    }
}
