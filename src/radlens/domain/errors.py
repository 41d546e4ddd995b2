"""The tree of everything that can go wrong, and what the reader can do about it.

RadLensError
├── BadInput              the request cannot be answered as it was sent
│   ├── UnreadableImage       the bytes are no image that RadLens reads
│   ├── TooLarge              over a bound that is checked before decoding
│   ├── NotAssessable         decoded, but its values say nothing (NaN, infinite, blank)
│   ├── NotThisTask           an image, but none that the task's model may read
│   ├── BurnedInText          a file that says of itself that it names the patient in its pixels
│   ├── UnknownTask           no card of that name
│   ├── BadBundle             a model bundle that must not be opened
│   ├── BadCard               a task card that does not hold together
│   ├── BadDataset            a manifest or its files cannot be trained on
│   ├── BadRecipe             a training recipe with an unknown or impossible entry
│   ├── BadOrder              synthetic images that cannot be made as they were asked for
│   ├── BadSettings           a setting that cannot be used
│   ├── BadBackup             a file that no site can be restored from
│   ├── BadName               no name for an account
│   ├── WeakPassword          a password that guessing would find
│   ├── BadJob                no kind of work that is known, or arguments that it cannot have
│   └── BadReview             opinions of a reader that do not hold together
├── NotFound
│   ├── NoSuchPrediction      no record under that id
│   ├── NoSuchLabel           the task has no such label
│   ├── NoSuchItem            no entry of the ledger under that id or name
│   ├── NoSuchObject          no object under that digest
│   ├── Erased                it was on record, and was erased on purpose
│   ├── NoSuchVersion         no model version under that name or digest
│   ├── NoSuchAccount         no user, session or key of that name
│   ├── NoSuchJob             no job under that id
│   ├── NoSuchReview          no review under that id
│   └── NoSuchRoute           nothing at that address
├── Conflict
│   ├── NotEmpty              a backup is restored only where nothing is yet
│   ├── KeyReused             one idempotency key, two different requests
│   ├── WrongStage            a model version cannot go from its stage to that one
│   ├── NotPromoted           a model version did not pass the gate to promotion
│   ├── NotApproved           a model version lacks the approval of a second account
│   ├── NameTaken             an account of that name exists
│   ├── LastAdmin             a site without an administrator
│   ├── Cancelled             somebody cancelled the job that is being done
│   ├── JobLost               a job that this worker no longer has
│   └── Taken                 a case that is not in this reader's hands
├── Refused                   the caller may not do this
│   ├── NotSignedIn           nobody is known to have asked
│   ├── NotAllowed            somebody asked whose role may not
│   ├── ForeignRequest        asked from another site's page, or under a foreign name
│   └── TooManyGuesses        too many failed sign-ins, for the moment
├── Unavailable
│   ├── Busy                  as much is waiting as may wait, or the server is being stopped
│   ├── TooManyAtOnce         as much of one account is waiting as may wait
│   ├── NoLiveModel           no model answers for this task
│   ├── BrokenModel           a registered model that does not load or prove itself here
│   ├── StorageFull           the disk or quota is exhausted
│   ├── StorageUnavailable    the database or the object store does not answer
│   ├── NoWeights             weights that RadLens does not ship are not where they were said to be
│   └── MissingExtra          an optional part is not installed
└── Corrupted
    ├── DigestMismatch        stored bytes are not what was written
    ├── BrokenChain           the audit log does not verify
    └── UnknownSigner         a checkpoint of the audit log is signed by a foreign key

Status codes and exit codes are tables at the edges (``api/errors.py``, ``cli.py``); nothing here
knows of HTTP or of processes.
"""


class RadLensError(Exception):
    """One sentence for what happened, one hint for what the reader can do next."""

    default_hint = "Run `radlens doctor` to see what is installed and what is missing."

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint

    @property
    def kind(self) -> str:
        """The name on the wire: the class's own."""
        return type(self).__name__


class BadInput(RadLensError):
    default_hint = "Check what was sent and try again."


class UnreadableImage(BadInput):
    default_hint = "Send a PNG, a JPEG or a DICOM file with one image in it."


class TooLarge(BadInput):
    default_hint = "Send something smaller, or raise the bound in the settings."


class NotAssessable(BadInput):
    default_hint = "Export the image again from its source; RadLens does not guess missing values."


class NotThisTask(BadInput):
    default_hint = "Send an image of the kind that the task is for, upright and not inverted."


class BurnedInText(BadInput):
    default_hint = (
        "Black the text out in the pixels, set Burned In Annotation (0028,0301) to NO, send again."
    )


class UnknownTask(BadInput):
    default_hint = "`radlens models list` names the tasks of this site."


class BadBundle(BadInput):
    default_hint = "Export the model again and copy the bundle whole."


class BadCard(BadInput):
    default_hint = "Correct the task card; the cards in radlens/tasks are examples."


class BadDataset(BadInput):
    default_hint = (
        "Correct the manifest; every row needs an existing file, a split and known labels."
    )


class BadRecipe(BadInput):
    default_hint = "Correct the recipe; the recipes in radlens/lab/recipes are examples."


class BadOrder(BadInput):
    default_hint = "`radlens synth list` names the generators and what each one draws."


class BadSettings(BadInput):
    default_hint = "Correct radlens.toml or the environment variable that is named."


class BadBackup(BadInput):
    default_hint = "Name a file that `radlens backup` wrote, whole; nothing was changed."


class BadName(BadInput):
    default_hint = "Choose a short name, such as a user name or an e-mail address."


class WeakPassword(BadInput):
    default_hint = "Choose a longer one: a few words that do not belong together are good."


class BadJob(BadInput):
    default_hint = "Check the job's kind and arguments; nothing was queued."


class BadReview(BadInput):
    default_hint = "Accept, edit or reject each reported finding, with a reason where you differ."


class NotFound(RadLensError):
    default_hint = "`radlens history` lists what is on record."


class NoSuchPrediction(NotFound):
    pass


class NoSuchLabel(NotFound):
    default_hint = "The labels of a task stand in its card, in order."


class NoSuchItem(NotFound):
    default_hint = "`radlens data list` and `radlens runs list` name what there is."


class NoSuchObject(NotFound):
    default_hint = "Restore the objects folder from a backup."


class Erased(NotFound):
    default_hint = "What was found stays on record; the image cannot be brought back."


class NoSuchVersion(NotFound):
    default_hint = "`radlens models list` names the versions of each task."


class NoSuchAccount(NotFound):
    default_hint = "`radlens users list` names the accounts of this site."


class NoSuchJob(NotFound):
    default_hint = "`radlens jobs list` names the jobs of this site."


class NoSuchReview(NotFound):
    default_hint = "The page of a case shows its reviews."


class NoSuchRoute(NotFound):
    default_hint = "The pages start at /, the REST API's routes stand in /api/v1/openapi.json."


class Conflict(RadLensError):
    default_hint = "Read the present state and try again."


class NotEmpty(Conflict):
    default_hint = "Set RADLENS_HOME to a new folder, and the database to an empty one."


class KeyReused(Conflict):
    default_hint = "Use a fresh Idempotency-Key for each new request."


class WrongStage(Conflict):
    default_hint = "`radlens models list` shows the stage of each version."


class NotPromoted(Conflict):
    default_hint = "`radlens evaluate CANDIDATE --against LIVE --dataset DATA` makes the record."


class NotApproved(Conflict):
    default_hint = "Another account has to approve with `radlens models approve`."


class NameTaken(Conflict):
    default_hint = "Choose another name; `radlens users list` names those that are there."


class LastAdmin(Conflict):
    default_hint = "Make somebody else an administrator first: `radlens users change NAME`."


class Cancelled(Conflict):
    default_hint = "Whoever wants it done queues it again."


class JobLost(Conflict):
    default_hint = "Another worker took the job up again; this one lets go of it."


class Taken(Conflict):
    default_hint = "Take the next case of the worklist; nothing was recorded."


class Refused(RadLensError):
    default_hint = "Ask an administrator of this site."


class NotSignedIn(Refused):
    default_hint = "Sign in, or send an API key as `Authorization: Bearer KEY`."


class NotAllowed(Refused):
    pass


class ForeignRequest(Refused):
    default_hint = "Open RadLens under its own address; `hosts` in the settings names others."


class TooManyGuesses(Refused):
    """``wait_s`` is how long to wait, in whole seconds."""

    default_hint = "Wait, or sign in from another address; the account itself is not locked."

    def __init__(self, message: str, *, wait_s: int) -> None:
        super().__init__(message)
        self.wait_s = wait_s


class Unavailable(RadLensError):
    default_hint = "Try again in a moment."


class Busy(Unavailable):
    pass


class TooManyAtOnce(Unavailable):
    default_hint = "Wait for some of the answers before you send more."


class NoLiveModel(Unavailable):
    default_hint = "Train one with `radlens train`, then `radlens models add` and `activate` it."


class BrokenModel(Unavailable):
    default_hint = "`radlens models verify` says more; activate another version, or roll back."


class StorageFull(Unavailable):
    default_hint = "Free some space on the disk that holds RADLENS_HOME; nothing was half-written."


class StorageUnavailable(Unavailable):
    default_hint = "Check that RADLENS_HOME exists and may be written by this user."


class NoWeights(Unavailable):
    default_hint = (
        "RadLens ships none: save a copy with diffusers' save_pretrained, and name its folder."
    )


class MissingExtra(Unavailable):
    default_hint = "Install the extra that is named."


class Corrupted(RadLensError):
    default_hint = "Restore from a backup; nothing was changed."


class DigestMismatch(Corrupted):
    pass


class BrokenChain(Corrupted):
    """``entry`` is the first audit entry that was touched."""

    default_hint = (
        "Keep a copy of the database as evidence, find out who could write to it, and restore."
    )

    def __init__(self, message: str, *, entry: int, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.entry = entry


class UnknownSigner(Corrupted):
    default_hint = (
        "If the key was lost or exchanged, name the earlier one in the setting audit_trusted; "
        "if nobody did so, somebody else signed these checkpoints."
    )
