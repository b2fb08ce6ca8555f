// Step 1 of 2 for pixel_faces.npz: draw the faces. Step 2 is pixel_faces.py.
//
// To install, in an empty folder that also holds a copy of this file:
//
//     npm install @dicebear/core@9.4.3 @dicebear/collection@9.4.3 @resvg/resvg-js@2.6.2
//     node pixel_faces.mjs 25000
//
// It writes faces.rgba (16 x 16 pixels of 4 bytes, face after face) and faces.json (the
// attributes of each face). About a minute for 25,000 faces.
import fs from 'node:fs';
import { createAvatar } from '@dicebear/core';
import { pixelArt } from '@dicebear/collection';
import { Resvg } from '@resvg/resvg-js';

const HAIR_COLOURS = {
  black: '1c1c24', brown: '6b4226', blonde: 'e8c35a', orange: 'e8762c',
  red: 'c1272d', pink: 'f28fb5', purple: '7e4fb5', blue: '2f6fd6',
  aqua: '3cc8c8', green: '3f9b4f', gray: '8c8f98', white: 'f0f0f0',
};
const EYE_COLOURS = {
  brown: '6a4a2c', red: 'd02030', purple: '8a3fc0',
  blue: '2060e0', green: '2f9a40', yellow: 'e0b020',
};
const HAIR_STYLES = { short: 24, long: 21 }; // how many drawings there are of each
const MOUTHS = { happy: 13, sad: 10 };
const GLASSES = ['dark', 'light'].flatMap((shade) =>
  [1, 2, 3, 4, 5, 6, 7].map((number) => shade + twoDigits(number)));
const SIDE = 16;

function twoDigits(number) {
  return String(number).padStart(2, '0');
}

// A linear congruential generator, so that every machine draws the same faces.
let state = 12345;
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}
const below = (n) => Math.floor(random() * n);
const choose = (object) => Object.keys(object)[below(Object.keys(object).length)];

const count = Number(process.argv[2] ?? 25000);
const pixels = fs.openSync('faces.rgba', 'w');
const attributes = [];
for (let face = 0; face < count; face++) {
  // The order of these draws matters: change it and every face changes.
  const hairColour = choose(HAIR_COLOURS);
  const eyeColour = choose(EYE_COLOURS);
  const hairLength = choose(HAIR_STYLES);
  const mood = choose(MOUTHS);
  const hair = hairLength + twoDigits(1 + below(HAIR_STYLES[hairLength]));
  const mouth = mood + twoDigits(1 + below(MOUTHS[mood]));
  const glasses = random() < 0.25;
  const hat = random() < 0.1;

  // What is not fixed here (skin, clothes, the shape of the eyes) follows from the seed.
  const drawing = createAvatar(pixelArt, {
    seed: `f${face}`,
    size: SIDE,
    backgroundColor: ['ffffff'],
    hair: [hair],
    hairColor: [HAIR_COLOURS[hairColour]],
    eyesColor: [EYE_COLOURS[eyeColour]],
    mouth: [mouth],
    glasses: GLASSES,
    glassesProbability: glasses ? 100 : 0,
    hatProbability: hat ? 100 : 0,
    beardProbability: 0,
    accessoriesProbability: 0,
  });
  const image = new Resvg(drawing.toString(), { fitTo: { mode: 'width', value: SIDE } }).render();
  fs.writeSync(pixels, image.pixels);
  attributes.push({
    hair_color: hairColour,
    eye_color: eyeColour,
    hair_length: hairLength,
    mood,
    glasses: glasses ? 'yes' : 'no',
    hat: hat ? 'yes' : 'no',
  });
}
fs.writeFileSync('faces.json', JSON.stringify(attributes));
