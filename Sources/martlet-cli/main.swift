import Commands

await MartletCommand.main()
