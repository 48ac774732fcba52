# A node image with imagelet in it, in front of the containerd that is in the source image. The same without a machine that runs:
# `imagelet node install --root /mnt --kubelet` on a mounted root.
variable "source_ami" { type = string }

source "amazon-ebs" "node" {
  source_ami    = var.source_ami
  instance_type = "m6i.large"
  ssh_username  = "ec2-user"
  ami_name      = "node-imagelet-{{timestamp}}"
}

build {
  sources = ["source.amazon-ebs.node"]

  provisioner "file" {
    source      = "imagelet-linux-amd64.tar.gz"
    destination = "/tmp/imagelet.tar.gz"
  }

  provisioner "shell" {
    inline = [
      "sudo tar -C / -xzf /tmp/imagelet.tar.gz",
      "sudo imagelet node install --kubelet",
      "sudo systemctl daemon-reload",
      "sudo systemctl enable imagelet.service",
    ]
  }
}
