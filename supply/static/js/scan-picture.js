// A phone's photo is made as small as it is searched, before it goes over the air. Where that fails it goes as it is.
const SIDE = 2000;

export async function shrunk(file) {
  try {
    const image = await createImageBitmap(file);
    const scale = Math.min(1, SIDE / Math.max(image.width, image.height));
    const canvas = Object.assign(document.createElement("canvas"), {
      width: Math.round(image.width * scale), height: Math.round(image.height * scale),
    });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    return await new Promise((done) => { canvas.toBlob((blob) => done(blob ?? file), "image/jpeg", 0.85); });
  } catch { return file; }
}
