// @peculiar/x509 needs the polyfill to be there before it loads, and does not bring it: it is imported through here.
import 'reflect-metadata';

export * from '@peculiar/x509';
