"""A synthetic image as DICOM that cannot be taken for a patient's."""

from io import BytesIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

from radlens.domain.dataset import Image
from radlens.imaging.encode import restore

SYNTHETIC = "SYNTHETIC, no patient"


def secondary_capture(png: bytes, image: Image) -> bytes:
    """The image as a Secondary Capture (PS3.3 A.8.1), synthetic by every entry that can say so.

    Conversion Type SYN is the standard's word for a synthetic image (PS3.3 C.8.6.1). The same image
    has the same UIDs.
    """
    pixels = restore(png, image.stored).pixels
    file = Dataset()
    file.SOPClassUID = SecondaryCaptureImageStorage
    for number, name in enumerate(("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")):
        setattr(file, name, generate_uid(entropy_srcs=[image.digest, str(number)]))
    file.PatientName, file.PatientID = "SYNTHETIC^NO PATIENT", "SYNTHETIC"
    file.PatientBirthDate = file.PatientSex = ""
    file.StudyDate = file.StudyTime = file.AccessionNumber = file.StudyID = ""
    file.ReferringPhysicianName = ""
    file.Modality, file.ConversionType = "OT", "SYN"
    file.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
    file.SeriesDescription = file.StudyDescription = SYNTHETIC
    file.ImageComments = image.about.get("provenance", "")
    file.DerivationDescription = SYNTHETIC
    file.SeriesNumber = file.InstanceNumber = 1
    file.PatientOrientation = ""
    file.BurnedInAnnotation = "NO"
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.Rows, file.Columns = pixels.shape
    file.BitsAllocated = file.BitsStored = 8
    file.HighBit, file.PixelRepresentation = 7, 0
    content = pixels.tobytes()
    file.PixelData = content + b"\0" * (len(content) % 2)
    file.file_meta = FileMetaDataset()
    file.file_meta.MediaStorageSOPClassUID = file.SOPClassUID
    file.file_meta.MediaStorageSOPInstanceUID = file.SOPInstanceUID
    file.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    stream = BytesIO()
    file.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
