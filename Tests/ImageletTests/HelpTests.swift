import ArgumentParser
import Testing

@testable import imagelet

@Suite("Help")
struct HelpTests {
    @Test("pull")
    func pull() {
        #expect(
            Imagelet.helpMessage(for: PullCommand.self, columns: 100) == """
                OVERVIEW: Bring an image to this node, by the CRI as a kubelet would.

                Prints the id of the image. How it comes along is told on standard error.

                USAGE: imagelet pull <image> [--creds <user:password>] [--annotation <key=value> ...] [--quiet] [--endpoint <socket>] [--admin <socket>]

                ARGUMENTS:
                  <image>                 Name of the image: [HOST/]REPOSITORY[:TAG][@DIGEST]

                OPTIONS:
                  --creds <user:password> Credentials for the registry. Better in $IMAGELET_CREDS, which other
                                          users can't see.
                  --annotation <key=value>
                                          An annotation of the pod that wants the image; may be repeated.
                  -q, --quiet             Print the id only.
                  --endpoint <socket>     CRI image service to talk to. (default: $IMAGELET_ENDPOINT or
                                          unix:///run/imagelet/imagelet.sock)
                  --admin <socket>        Admin socket of the daemon. (default: $IMAGELET_ADMIN or
                                          unix:///run/imagelet/admin.sock)
                  --version               Show the version.
                  -h, --help              Show help information.

                """)
    }

    @Test("mount")
    func mount() {
        #expect(
            Imagelet.helpMessage(for: MountCommand.self, columns: 100) == """
                OVERVIEW: Mount an image as a root file system.

                What is written below the directory is kept beside the image until it is unmounted. Needs root.
                Prints the directory, or with -o json how the image wants to be run.

                USAGE: imagelet mount <image> <directory> [--read-only] [--output <output>] [--admin <socket>]

                ARGUMENTS:
                  <image>                 Name or id of an image of this node.
                  <directory>             An existing directory.

                OPTIONS:
                  --read-only             Nothing can be written.
                  -o, --output <output>   How to print. (values: table, json; default: table)
                  --admin <socket>        Admin socket of the daemon. (default: $IMAGELET_ADMIN or
                                          unix:///run/imagelet/admin.sock)
                  --version               Show the version.
                  -h, --help              Show help information.

                """)
    }

    @Test("images")
    func images() {
        #expect(
            Imagelet.helpMessage(for: ImagesCommand.self, columns: 100) == """
                OVERVIEW: List the images of this node.

                USAGE: imagelet images [<name>] [--digests] [--quiet] [--output <output>] [--endpoint <socket>]

                ARGUMENTS:
                  <name>                  Only the image of this name or id.

                OPTIONS:
                  --digests               Show digests, too.
                  -q, --quiet             Print ids only.
                  -o, --output <output>   How to print. (values: table, json; default: table)
                  --endpoint <socket>     CRI image service to talk to. (default: $IMAGELET_ENDPOINT or
                                          unix:///run/imagelet/imagelet.sock)
                  --version               Show the version.
                  -h, --help              Show help information.

                """)
    }

    @Test("every subcommand has one line for the list of them")
    func abstracts() {
        for command in Imagelet.configuration.subcommands {
            let abstract = command.configuration.abstract
            #expect(abstract.hasSuffix(".") && !abstract.contains("\n"), "\(command)")
        }
    }
}
