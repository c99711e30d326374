export { S3Objects, type OpenedObject, type S3Options, type S3Place } from './objects.js';
