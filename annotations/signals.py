"""What annotations tells the apps downstream, which annotations never imports."""

from django.dispatch import Signal

# Sent inside the transaction that completes a job, with ``job``. A receiver that sends messages does so after commit.
annotation_completed = Signal()

# Sent before the files and the row of a deleted job go, with ``job``; a receiver removes what it holds of the job
# returns counts for the deletion's receipt, and raises when it cannot, which keeps the row until the next sweep.
annotation_deleting = Signal()

# Sent some time after a job is gone, with ``job_id``: a receiver removes what a worker that had lost the job may have
# written while it was being removed.
annotation_gone = Signal()
