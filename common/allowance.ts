/**
 * What an idle device may pass on a node before its subscription has a grant there, so that first packets need not
 * wait. Per tunnel address, because the kernel keeps it with the address; a device has two.
 */
export const allowancePerAddress = 128n * 1024n;
export const allowancePerDevice = 2n * allowancePerAddress;
